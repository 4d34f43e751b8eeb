"""What a decision read: named by content, stored, found again."""
