namespace NoProp.Models;

/// <summary>
/// A failure that a user can understand and mend: bad data, a damaged file, a full disk. The message is one line that says what was
/// wrong, where, and what to do; a command prints it without a stack trace and ends with exit code 1.
/// </summary>
public class NoPropException : Exception
{
    /// <inheritdoc cref="NoPropException"/>
    public NoPropException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="NoPropException"/>
    public NoPropException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
