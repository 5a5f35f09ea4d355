"""From earnings to payments: what is released when, what is paid in a period, what is adjusted afterwards."""
