"""Every sentence a report says, in one place: the grade of a study chooses the verb."""
