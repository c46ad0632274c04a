using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>What a guest said. As text it is cleaned, so nothing of it acts on a terminal or hides in a log; a parser takes <see cref="Raw"/>.</summary>
/// <param name="Raw">As the guest wrote it: lies, escape sequences and all.</param>
internal readonly record struct GuestText(string Raw)
{
    public bool IsEmpty => string.IsNullOrWhiteSpace(Raw);

    public string LastLines(int count) => Tainted.LastLines(Raw, count);

    public override string ToString() => Tainted.Lines(Raw);
}

/// <summary>What a program in the guest said; of what is longer than <see cref="BoundedText.MostHead"/> the middle is left out.</summary>
internal sealed record GuestResult(int ExitCode, GuestText Output, GuestText Error);
