namespace Machine.Tool.Machinefiles.Network;

/// <summary>A rule as it is written.</summary>
/// <param name="Private">The server may have an address of a private network.</param>
internal sealed record NetworkEntry(string Rule, bool Private = false);
