"""Figures as ratios: Seawall beside what it is compared with, in the same minutes on the same cores."""
