"""What a programme is worth: released effects times the project's assumptions, less its costs."""
