"""In which browsers somebody is signed in."""
