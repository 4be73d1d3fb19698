using NoProp.Models;

namespace NoProp.Actors.Hosting;

/// <summary>
/// A setting that cannot be used. The message is one line that names the setting, where it came from and what is allowed; a command prints
/// it without a stack trace and, as for any other mistake in its arguments, ends with exit code 2.
/// </summary>
public sealed class SettingsException(string message) : NoPropException(message);
