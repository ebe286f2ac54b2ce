"""docker/kubernetes/."""

from __future__ import annotations

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deployed import DOCKER, MANIFESTS, WORK, all_documents, documents, is_ours, pods

FOLDER = DOCKER / "kubernetes"
PODS = list(pods())


@pytest.mark.parametrize(
    "document", [document for _, document in all_documents()], ids=lambda d: d["metadata"]["name"]
)
def test_it_is_as_kubernetes_says(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, "1.32", strict=True)


def test_all_manifests_are_applied_but_the_example() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    assert {*kustomization["resources"], "secrets.example.yaml"} == {path.name for path in MANIFESTS}
    for made in kustomization["configMapGenerator"]:
        for name in [*made.get("files", []), *made.get("envs", [])]:
            assert (FOLDER / name).is_file()


@pytest.mark.parametrize("pod", [pod for _, pod in PODS], ids=[name for name, _ in PODS])
def test_pods_have_no_rights(pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    # Variables such as REDIS_PORT of every Service would be taken for somebody's.
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
        assert container["resources"]["limits"]["memory"]
        assert is_ours(container["image"]) or re.search(r"@sha256:[0-9a-f]{64}$", container["image"])


@pytest.mark.parametrize("pod", [pod for _, pod in PODS], ids=[name for name, _ in PODS])
def test_what_a_pod_refers_to_is_there(pod: dict[str, Any]) -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    configs = {made["name"] for made in kustomization["configMapGenerator"]}
    named = {(document["kind"], document["metadata"]["name"]) for _, document in all_documents()}
    templates = {
        claim["metadata"]["name"]
        for _, document in all_documents()
        if document["kind"] == "StatefulSet"
        for claim in document["spec"]["volumeClaimTemplates"]
    }
    for volume in pod["volumes"]:
        if "secret" in volume:
            assert ("Secret", volume["secret"]["secretName"]) in named
            # Read by the group of the pod, and by nobody else.
            assert volume["secret"]["defaultMode"] == 0o440
        if "persistentVolumeClaim" in volume:
            assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in named
        if "configMap" in volume:
            assert volume["configMap"]["name"] in configs
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes | templates
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if "httpGet" in container[probe]:
                assert container[probe]["httpGet"]["port"] in ports
                assert container[probe]["httpGet"]["path"] in {"/healthz", "/readyz"}


def test_selectors_find_their_pods() -> None:
    labelled = [
        document["spec"]["template"]["metadata"]["labels"]
        for _, document in all_documents()
        if document["kind"] in WORK
    ]
    for name, document in all_documents():
        spec = document.get("spec", {})
        selector = spec.get("selector") or spec.get("podSelector") or {}
        wanted = selector.get("matchLabels", selector if document["kind"] == "Service" else {})
        if wanted:
            assert any(wanted.items() <= labels.items() for labels in labelled), name


def test_redis_accepts_only_the_processes_that_need_it() -> None:
    policies = {p["metadata"]["name"]: p["spec"] for p in documents(FOLDER / "network-policy.yaml")}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (rule,) = policies["redis"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 6379}]


def test_the_example_has_the_users_of_compose() -> None:
    (secret,) = (d for d in documents(FOLDER / "secrets.example.yaml") if d["metadata"]["name"] == "redis")
    assert secret["stringData"]["users.acl"] == (DOCKER / "users.acl").read_text()
