"""This machine: devices, memory, the precision that fits and why."""
