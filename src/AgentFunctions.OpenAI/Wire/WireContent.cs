using System.Text;
using System.Text.Json;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>Reads content that is a text, a part, or a list of parts.</summary>
/// <param name="Text">What was said.</param>
/// <param name="Reasoning">What was thought.</param>
/// <param name="Refusal">What was refused.</param>
internal readonly record struct WireContent(string Text, string Reasoning, string Refusal)
{
    private static readonly string[] ReasoningMembers = ["thinking", "reasoning", "reasoning_content", "summary", "text",
        "content"];

    /// <summary>Reads content.</summary>
    /// <param name="content">The value of <c>content</c>.</param>
    public static WireContent Of(JsonElement content)
    {
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        var refusal = new StringBuilder();
        Read(content, text, reasoning, refusal, 0);
        return new(text.ToString(), reasoning.ToString(), refusal.ToString());
    }

    private static void Read(JsonElement content, StringBuilder text, StringBuilder reasoning, StringBuilder refusal, int depth)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                text.Append(content.AsText());
                break;
            case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                text.Append(content.GetRawText());
                break;
            case JsonValueKind.Array when depth < 4:
                foreach (JsonElement part in content.EnumerateArray())
                {
                    Read(part, text, reasoning, refusal, depth + 1);
                }

                break;
            case JsonValueKind.Object:
                string type = content.Text("type") ?? "";
                if (content.Text("refusal") is { } refused)
                {
                    refusal.Append(refused);
                }
                else if (type.Contains("think", StringComparison.OrdinalIgnoreCase)
                    || type.Contains("reason", StringComparison.OrdinalIgnoreCase))
                {
                    reasoning.Append(ReasoningOf(content, 0));
                }
                else if (content.Member("text") is { } said)
                {
                    text.Append(said.AsText() ?? said.Text("value"));
                }

                break;
        }
    }

    private static string ReasoningOf(JsonElement value, int depth) => value.ValueKind switch
    {
        JsonValueKind.String => value.AsText()!,
        JsonValueKind.Array when depth < 4 => string.Concat(value.EnumerateArray().Select(part => ReasoningOf(part, depth + 1))),
        JsonValueKind.Object when depth < 4 =>
            ReasoningMembers.Select(name => value.Member(name)).FirstOrDefault(static member => member is not null) is { } member
            ? ReasoningOf(member, depth + 1)
            : "",
        _ => "",
    };
}
