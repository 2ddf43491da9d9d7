using System.Text;
using System.Text.Json;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>A tool call that is put together from its parts.</summary>
/// <param name="index">The number that the endpoint gave it, if any.</param>
internal sealed class WireCall(long? index)
{
    private readonly StringBuilder arguments = new();
    private bool? isWhole;
    private int taken = -1;

    public long? Index { get; } = index;

    public string? Id { get; set; }

    public string Name { get; set; } = "";

    /// <summary>
    /// Gets or sets the members that only the endpoint understands and wants back: <c>extra_content</c> of Gemini.
    /// </summary>
    public string? Extra { get; set; }

    /// <summary>Gets or sets the number of the chunk that brought the last part.</summary>
    public int Chunk { get; set; }

    public string Arguments => arguments.ToString();

    public int Length => arguments.Length;

    public bool HasArguments => arguments.Length > 0;

    /// <summary>Gets whether the arguments are a JSON object that nothing can follow.</summary>
    public bool IsWhole => isWhole ??= EndsObject() && IsObject(Arguments);

    public void Append(string part)
    {
        if (part.Length > 0)
        {
            arguments.Append(part);
            isWhole = null;
        }
    }

    /// <summary>Takes what came since it was last taken; <see langword="null"/> if nothing did.</summary>
    public string? TakeNew()
    {
        int from = Math.Max(0, taken);
        if (taken == arguments.Length)
        {
            return null;
        }

        taken = arguments.Length;
        return arguments.ToString(from, arguments.Length - from);
    }

    private bool EndsObject()
    {
        int last = arguments.Length - 1;
        while (last >= 0 && char.IsWhiteSpace(arguments[last]))
        {
            last--;
        }

        return last >= 0 && arguments[last] == '}';
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
