"""What people are told: the inbox in the application, and mail, in their own language."""
