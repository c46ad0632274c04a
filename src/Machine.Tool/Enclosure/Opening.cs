namespace Machine.Tool.Enclosure;

/// <summary>One way in which a project's code can run on this host.</summary>
/// <param name="Where">A file, a folder or a program.</param>
/// <param name="Meaning">What happens because of it.</param>
/// <param name="Remedy">What to do; a command where there is one.</param>
internal sealed record Opening(string Where, string Meaning, string Remedy);
