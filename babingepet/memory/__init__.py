"""What is worth remembering, in words and numbers, and how it fades; files belong to resources."""
