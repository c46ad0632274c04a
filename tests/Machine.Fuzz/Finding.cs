namespace Machine.Fuzz;

/// <summary>A promise that an input broke, though nothing crashed.</summary>
internal sealed class FindingException(string message) : Exception(message);

internal static class Promise
{
    /// <exception cref="FindingException">The promise does not hold.</exception>
    public static void Holds(bool holds, string what)
    {
        if (!holds)
        {
            throw new FindingException(what);
        }
    }

    /// <summary>Every character is shown as what it is: nothing that a terminal obeys or hides.</summary>
    public static void IsPlain(string text, string what, bool lines = false)
    {
        foreach (var c in text)
        {
            Holds(!char.IsControl(c) || (lines && c is '\n' or '\r' or '\t'), $"{what} holds U+{(int)c:X4}");
            Holds(c is not ((>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200b' or '\ufeff' or '\u2028' or '\u2029'), $"{what} holds U+{(int)c:X4}");
        }
    }
}
