using System.Text;
using System.Text.Json;

namespace Machine.Tool.Enclosure;

/// <summary>Sets members of an object in a JSON text; every other character, comments too, stays where it is.</summary>
internal static class JsonEdit
{
    private static readonly JsonReaderOptions Reading = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <param name="value">As JSON.</param>
    /// <exception cref="JsonException">The text is not JSON, or something on the way is no object.</exception>
    public static string Set(string text, IReadOnlyList<string> path, string value)
    {
        for (var depth = path.Count; depth > 0; depth--)
        {
            // What is missing is added at the deepest object that is there.
            if (Find(text, path, depth - 1) is { } parent)
            {
                return parent.Members.TryGetValue(path[depth - 1], out var place)
                    ? Replaced(text, place.Start, place.End, value)
                    : Added(text, parent, path[depth - 1], Nested(path.Skip(depth), value));
            }
        }

        throw new JsonException("it is no JSON object");
    }

    private static string Nested(IEnumerable<string> names, string value) =>
        names.Reverse().Aggregate(value, (inner, name) => $"{{ \"{name}\": {inner} }}");

    private static string Replaced(string text, int start, int end, string value) => text[start..end] == value ? text : text[..start] + value + text[end..];

    private static string Added(string text, JsonPlace parent, string name, string value)
    {
        if (parent.Members.Count == 0)
        {
            return text.Insert(parent.Start + 1, $" \"{name}\": {value}{(text[parent.Start + 1] is ' ' or '\n' or '\r' ? "" : " ")}");
        }

        var first = parent.Members.Values.Min(member => member.NameStart);
        var last = parent.Members.Values.Max(member => member.End);
        // What stands before the first member separates the new one too, unless it is a comment.
        var between = text[(parent.Start + 1)..first];
        var blank = between.Length - between.AsSpan().TrimEnd().Length;
        var separator = between[^blank..];
        var (end, hasComma, isOpen) = Tail(text, last);
        separator = isOpen && !separator.Contains('\n', StringComparison.Ordinal) ? "\n" : separator.Length == 0 ? " " : separator;
        return $"{text[..last]}{(hasComma ? "" : ",")}{text[last..end]}{separator}\"{name}\": {value}{(hasComma ? "," : "")}{text[end..]}";
    }

    /// <summary>What belongs to a member that ends at <paramref name="end"/>: its comma, and the comments of its line.</summary>
    /// <returns>IsOpen: it ends in a comment that only the end of the line closes.</returns>
    private static (int End, bool HasComma, bool IsOpen) Tail(string text, int end)
    {
        var (hasComma, isOpen) = (false, false);
        for (var at = end; !isOpen && text[at] is ' ' or '\t' or ',' or '/';)
        {
            if (text[at] == '/')
            {
                isOpen = text[at + 1] == '/';
                at = end = isOpen ? text.AsSpan(at).IndexOfAny('\r', '\n') + at : text.IndexOf("*/", at + 2, StringComparison.Ordinal) + 2;
            }
            else if (text[at++] == ',')
            {
                (hasComma, end) = (true, at);
            }
        }

        return (end, hasComma, isOpen);
    }

    /// <summary>The object at the first <paramref name="depth"/> names of a path, or null.</summary>
    private static JsonPlace? Find(string text, IReadOnlyList<string> path, int depth)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, Reading);
        reader.Read();
        for (var at = 0; ; at++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException(at == 0 ? "it is no JSON object" : $"{path[at - 1]} is no object");
            }

            if (at == depth)
            {
                return Members(bytes, ref reader);
            }

            if (!Enter(ref reader, path[at]))
            {
                return null;
            }
        }
    }

    private static bool Enter(ref Utf8JsonReader reader, string name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static JsonPlace Members(byte[] bytes, ref Utf8JsonReader reader)
    {
        // Offsets of the text, not of its bytes.
        int At(long offset) => Encoding.UTF8.GetCharCount(bytes, 0, (int)offset);
        var start = At(reader.TokenStartIndex);
        var members = new Dictionary<string, JsonMember>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (name, nameStart) = (reader.GetString()!, At(reader.TokenStartIndex));
            reader.Read();
            var valueStart = At(reader.TokenStartIndex);
            reader.Skip();
            if (!members.TryAdd(name, new JsonMember(nameStart, valueStart, At(reader.BytesConsumed))))
            {
                throw new JsonException($"{name} is there twice");
            }
        }

        return new JsonPlace(start, members);
    }

    private sealed record JsonPlace(int Start, Dictionary<string, JsonMember> Members);

    private sealed record JsonMember(int NameStart, int Start, int End);
}
