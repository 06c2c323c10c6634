//! The desktop app: window, tray, shortcuts, notifications, keychain, thin commands.
