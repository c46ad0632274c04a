namespace Machine.Tool.Machinefiles;

/// <summary>What is wrong with a value and what to write instead; the position is added by whoever knows it.</summary>
internal sealed record Flaw(string What, string? Remedy = null);
