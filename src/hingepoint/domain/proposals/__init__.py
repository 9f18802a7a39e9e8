"""What people's assistants propose, and what these people say to it."""
