namespace Machine.Tool.Doors.Secrets;

/// <summary>A secret's value can't be had on this host.</summary>
/// <param name="message">For the host's log alone: it names files and programs of this host.</param>
internal sealed class SecretException(string message, Exception? inner = null) : Exception(message, inner);
