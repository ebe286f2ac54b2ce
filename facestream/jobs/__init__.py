"""Files that are handed in over the network, processed one after the other."""
