using System.Text;
using System.Text.Json;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>A tool call that is put together from its parts.</summary>
/// <param name="index">The number that the endpoint gave it, if any.</param>
internal sealed class WireCall(long? index)
{
    private readonly StringBuilder _arguments = new();
    private bool? _isWhole;
    private int _taken = -1;

    public long? Index { get; } = index;

    public string? Id { get; set; }

    public string Name { get; set; } = "";

    /// <summary>
    /// Gets or sets the members that only the endpoint understands and wants back: <c>extra_content</c> of Gemini.
    /// </summary>
    public string? Extra { get; set; }

    /// <summary>Gets or sets the number of the chunk that brought the last part.</summary>
    public int Chunk { get; set; }

    public string Arguments => _arguments.ToString();

    public int Length => _arguments.Length;

    public bool HasArguments => _arguments.Length > 0;

    /// <summary>Gets whether the arguments are a JSON object that nothing can follow.</summary>
    public bool IsWhole => _isWhole ??= EndsObject() && IsObject(Arguments);

    public void Append(string part)
    {
        if (part.Length > 0)
        {
            _arguments.Append(part);
            _isWhole = null;
        }
    }

    /// <summary>Takes what came since it was last taken; <see langword="null"/> if nothing did.</summary>
    public string? TakeNew()
    {
        int from = Math.Max(0, _taken);
        if (_taken == _arguments.Length)
        {
            return null;
        }

        _taken = _arguments.Length;
        return _arguments.ToString(from, _arguments.Length - from);
    }

    private bool EndsObject()
    {
        int last = _arguments.Length - 1;
        while (last >= 0 && char.IsWhiteSpace(_arguments[last]))
        {
            last--;
        }

        return last >= 0 && _arguments[last] == '}';
    }

    private static bool IsObject(string text)
    {
        try
        {
            using var parsed = JsonDocument.Parse(text);
            return parsed.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
