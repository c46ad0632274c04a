using System.Text;

namespace Machine.Build;

/// <summary>MSBuild's escapes: <c>%3B</c> is a ';' that separates nothing.</summary>
internal static class EscapedText
{
    private const string Separators = ";,\"\n\r";

    /// <summary>For a property on the command line, where lists are taken apart at ';' and ','. What MSBuild hands out is escaped already: '%' stays.</summary>
    public static string OfProperty(string value) => Escape(value, Separators);

    /// <summary>The same for text that MSBuild handed to a task, which is not escaped: every '%' is one.</summary>
    public static string OfPlainProperty(string value) => Escape(value, "%" + Separators);

    /// <summary>For an item: nothing in it is a list, a wildcard or a reference.</summary>
    public static string OfItem(string value) => Escape(value, "%*?@$();'");

    private static string Escape(string value, string special)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            _ = special.IndexOf(c) >= 0 ? escaped.Append('%').Append(((int)c).ToString("X2")) : escaped.Append(c);
        }

        return escaped.ToString();
    }
}
