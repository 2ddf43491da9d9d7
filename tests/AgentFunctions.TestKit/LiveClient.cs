using System.Net.ServerSentEvents;
using System.Text.Json;

namespace AgentFunctions.TestKit;

/// <summary>What a client of a live event stream that holds to the rules has on its screen.</summary>
public sealed class LiveClient
{
    private static readonly HashSet<string> s_live =
    [
        "model.started", "model.retrying", "model.snapshot", "model.delta", "model.reset", "run.state", "tool.progress",
        "tree.patch",
        "stream.ends",
    ];

    /// <summary>Gets the types of all events.</summary>
    public List<string> Types { get; } = [];

    /// <summary>Gets the positions of those of the journal.</summary>
    public List<int> Positions { get; } = [];

    /// <summary>Gets why answers were void.</summary>
    public List<string> Resets { get; } = [];

    /// <summary>Gets the tool whose arguments are shown.</summary>
    public List<string> Tools { get; } = [];

    /// <summary>Gets the text of the answer under way.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Gets the text that was shown live of the last answer that was recorded.</summary>
    public string Live { get; private set; } = "";

    /// <summary>Gets what the model thought.</summary>
    public string Reasoning { get; private set; } = "";

    /// <summary>Gets the arguments of the call that the model asks for.</summary>
    public string Arguments { get; private set; } = "";

    /// <summary>Gets the text of the last answer that was recorded.</summary>
    public string? Recorded { get; private set; }

    /// <summary>Gets the live events, each with its data, in their order.</summary>
    public List<(string Type, JsonElement Data)> Events { get; } = [];

    /// <summary>Takes an event.</summary>
    /// <param name="item">The event.</param>
    public void Take(SseItem<string> item)
    {
        Types.Add(item.EventType);
        JsonElement data = JsonElement.Parse(item.Data);
        switch (item.EventType)
        {
            case "model.started" or "model.reset":
                Text = "";
                if (item.EventType == "model.reset")
                {
                    Resets.Add(data.GetProperty("reason").GetString()!);
                }

                break;
            case "model.snapshot":
                Text = data.GetProperty("text").GetString()!;
                Reasoning = data.GetProperty("reasoning").GetString()!;
                foreach (JsonElement call in data.GetProperty("calls").EnumerateArray())
                {
                    Arguments = call.GetProperty("tail").GetString()!;
                    Note(call.GetProperty("tool").GetString()!);
                }

                break;
            case "model.delta":
                Add(data, data.GetProperty("text").GetString()!, data.GetProperty("at").GetInt64());
                break;
            case "model.completed":
                (Live, Text, Recorded) = (Text, "", data.TryGetProperty("text", out JsonElement text) ? text.GetString() : null);
                break;
        }

        if (s_live.Contains(item.EventType))
        {
            Events.Add((item.EventType, data));
        }
        else
        {
            Positions.Add(data.GetProperty("position").GetInt32());
        }
    }

    private void Add(JsonElement data, string text, long at)
    {
        switch (data.GetProperty("channel").GetString())
        {
            case "text":
                Goes(at, Text);
                Text += text;
                break;
            case "reasoning":
                Goes(at, Reasoning);
                Reasoning += text;
                break;
            default:
                Goes(at, Arguments);
                Arguments += text;
                Note(data.GetProperty("tool").GetString()!);
                break;
        }
    }

    private void Note(string tool)
    {
        Tools.Clear();
        Tools.Add(tool);
    }

    private static void Goes(long at, string text)
    {
        if (at != text.Length)
        {
            throw new InvalidOperationException(
                $"The delta continues at {at}, but {text.Length} units are shown: there is a gap, or something came twice.");
        }
    }
}
