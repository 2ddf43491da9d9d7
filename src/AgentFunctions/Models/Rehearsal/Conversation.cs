using System.Globalization;
using System.Text.Json;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>What the script needs to know of the messages: the goal, the tools that are offered, and what was tried.</summary>
internal sealed class Conversation
{
    private const string CallPrefix = "rehearsal-";

    private readonly Dictionary<string, AIFunctionDeclaration> _tools;
    private readonly int _nextCall;

    private Conversation(string goal, IReadOnlyList<Attempt> attempts, IEnumerable<AIFunctionDeclaration> tools, int nextCall)
    {
        Goal = goal;
        Attempts = attempts;
        _tools = tools.ToDictionary(static tool => tool.Name, StringComparer.Ordinal);
        _nextCall = nextCall;
    }

    /// <summary>Gets what people asked for since the last answer.</summary>
    public string Goal { get; }

    /// <summary>Gets the calls since the last answer that have a result, oldest first.</summary>
    public IReadOnlyList<Attempt> Attempts { get; }

    /// <summary>Gets the names of the tools that are offered.</summary>
    public IReadOnlyCollection<string> Tools => _tools.Keys;

    public static Conversation Read(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        ChatMessage[] all = [.. messages];
        // A person who speaks after an answer starts a new task.
        int answer = Array.FindLastIndex(all, static message => IsAnswer(message));
        bool newTask = answer >= 0 && all[(answer + 1)..].Any(static message => message.Role == ChatRole.User);
        ChatMessage[] task = newTask ? all[(answer + 1)..] : all;

        Dictionary<string, string> results = [];
        foreach (FunctionResultContent result in task.SelectMany(static message => message.Contents)
            .OfType<FunctionResultContent>())
        {
            results[result.CallId] = UntrustedText.Unmark(Text(result.Result));
        }

        List<Attempt> attempts = [];
        foreach (FunctionCallContent call in task.SelectMany(static message => message.Contents).OfType<FunctionCallContent>())
        {
            if (results.TryGetValue(call.CallId, out string? result))
            {
                attempts.Add(new(call.Name, (call.Arguments ?? new Dictionary<string, object?>())
                    .ToDictionary(static pair => pair.Key, static pair => Text(pair.Value)), result));
            }
        }

        string goal = string.Join("\n", task.Where(static message => message.Role == ChatRole.User)
            .Select(static message => UntrustedText.Unmark(message.Text)));
        // A compaction takes calls away; those that are left must not share an id with a new one.
        int last = all.SelectMany(static message => message.Contents).OfType<FunctionCallContent>()
            .Select(static call => call.CallId.StartsWith(CallPrefix, StringComparison.Ordinal)
                && int.TryParse(call.CallId.AsSpan(CallPrefix.Length), CultureInfo.InvariantCulture, out int number) ? number : 0)
            .DefaultIfEmpty(0).Max();
        return new(goal, attempts, options?.Tools?.OfType<AIFunctionDeclaration>() ?? [], last + 1);
    }

    /// <summary>The id of a call of this turn.</summary>
    public string CallId(int index) => CallPrefix + (_nextCall + index).ToString(CultureInfo.InvariantCulture);

    public bool Offers(string tool) => _tools.ContainsKey(tool);

    /// <summary>A tool's schema, or <see langword="null"/>.</summary>
    public JsonElement? Schema(string tool) => _tools.GetValueOrDefault(tool)?.JsonSchema;

    /// <summary>The calls of a tool.</summary>
    public IEnumerable<Attempt> Of(string tool) => Attempts.Where(attempt => attempt.Tool == tool);

    /// <summary>A call, with those of the arguments that the tool knows.</summary>
    public RehearsalCall Call(string tool, params (string Name, object? Value)[] arguments)
    {
        bool known = Schema(tool) is { ValueKind: JsonValueKind.Object } schema
            && schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object;
        return new(tool, arguments.Where(argument => !known
            || Schema(tool)!.Value.GetProperty("properties").TryGetProperty(argument.Name, out _))
            .ToDictionary(static argument => argument.Name, static argument => argument.Value));
    }

    /// <summary>Whether the same call was made already.</summary>
    public bool Tried(RehearsalCall call) => Of(call.Tool).Any(attempt =>
        attempt.Arguments.Count == call.Arguments.Count
        && call.Arguments.All(argument => attempt.Argument(argument.Key) == Text(argument.Value)));

    private static bool IsAnswer(ChatMessage message) => message.Role == ChatRole.Assistant
        && message.Text.StartsWith(RehearsalChatClient.Label, StringComparison.Ordinal)
        && !message.Contents.OfType<FunctionCallContent>().Any();

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        TextContent text => text.Text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        _ => JsonSerializer.Serialize(value, ModelConventions.Json),
    };
}
