"""The shell: disk, network, clock and Prefect around the core."""
