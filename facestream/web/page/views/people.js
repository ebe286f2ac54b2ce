/** Stand-in until the view is there. */
export function mount(root) { root.textContent = "…"; }
