"""Conditions of a Duo."""

DUO_CONDITIONS = """image Welcome to Milk-V Duo \\n \\l
kernel Linux 5.10.4-tag-
machine riscv64
MemTotal          56580 kB
MemAvailable      41000 kB
slowed 0
temperature 45123
clock 850000
room /dev/root 756568 240000 516568 32% /
engine 1e4ee52f0f85aabcf7ff21da11ae2d9ae3b434766016954d40d6d78b99516fe0  /mnt/data/duotui/duollama
busy cpu  100 0 50 1000 10 0 0 0 0 0
busy cpu  101 0 50 1098 11 0 0 0 0 0
"""
