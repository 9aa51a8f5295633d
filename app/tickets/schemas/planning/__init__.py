"""Shapes of what dispatch is planned with: technicians, their hours, duty leads, certificates, ways on foot."""
