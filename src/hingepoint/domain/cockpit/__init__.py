"""One deal as its people steer it: everything of its first view in one answer."""
