using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Gateway;

/// <summary>Represents a goal that is submitted to an agent.</summary>
public sealed record RunRequest
{
    /// <summary>Gets the agent's name; may be left out where the host has exactly one agent.</summary>
    public string? Agent { get; init; }

    /// <summary>Gets what is to be reached, in words; at most 32 KiB.</summary>
    public string? Goal { get; init; }

    /// <summary>
    /// Gets the conversation that the run continues, the oldest message first: text, images and other data of users and
    /// assistants. The last is the goal, a message of the user; <see cref="Goal"/> is left out. At most 1,000 messages with 256
    /// KiB of text and 16 MiB of data. <see langword="null"/>, the default, for a goal alone.
    /// </summary>
    [JsonConverter(typeof(ContentsConverter<ChatMessage>))]
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>Gets when the goal counts as reached: in words, or with a command, a schema or a judge that decides.</summary>
    public RunAcceptance? Acceptance { get; init; }

    /// <summary>Gets further input for the agent: a JSON object of at most 256 KiB.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Gets labels by name: at most 32, names of at most 64 and values of at most 256 characters.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// Gets the scopes that the run's tokens may carry; <see langword="null"/>, the default, for no bound. At most 64.
    /// </summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Gets how urgent it is; normal by default.</summary>
    public RunPriority Priority { get; init; } = RunPriority.Normal;

    /// <summary>Gets what the run may spend; by default what the agent's definition allows.</summary>
    public Budget? Budget { get; init; }

    /// <summary>Gets where to post the end of the run: an absolute http or https address.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>
    /// Gets tools that the caller brings along and executes; <see langword="null"/>, the default, for none. At most 64 of
    /// together 64 KiB. The run waits for the answer to each call: <see cref="ClientCalls"/> lists and answers them.
    /// </summary>
    public IReadOnlyList<ClientTool>? ClientTools { get; init; }

    /// <summary>
    /// Gets files that the run begins with, as artifacts of it; <see langword="null"/>, the default, for none. At most 32 of
    /// together 16 MiB. They are there before the run begins. A request that is made again under its key has the files of the
    /// first one.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<RunFile>? Files { get; init; }

    /// <summary>
    /// Gets the hosts that the goal came through, the first first; <see langword="null"/>, the default, for none. At most 32.
    /// </summary>
    public IReadOnlyList<string>? Via { get; init; }

    /// <summary>Gets the same request with its goal in words, also if it has messages.</summary>
    internal RunRequest WithGoal() => Messages is null ? this : this with { Goal = Messages[^1].Text };

    /// <summary>Checks everything that can be checked without the host.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    internal void Validate()
    {
        if (Messages is not null)
        {
            Require(Goal is null, "goal", "leave it out beside messages, whose last is the goal");
            ConversationRules.Validate(Messages, IsText);
            RequireText(Messages[^1].Text, $"messages[{Messages.Count - 1}]");
        }
        else
        {
            Require(!string.IsNullOrWhiteSpace(Goal), "goal", "say in words what is to be reached");
            RequireText(Goal, "goal");
        }

        if (Acceptance is not null)
        {
            RequireText(Acceptance.Criteria, "acceptance");
            AcceptanceRules.Validate(Acceptance);
        }

        Require(Agent is null or { Length: > 0 and <= 64 }, "agent", "name one of the agents that GET /api/agents lists");
        Require(Enum.IsDefined(Priority), "priority", "use low, normal or high");
        if (Input is { ValueKind: not JsonValueKind.Null } input)
        {
            Require(input.ValueKind == JsonValueKind.Object, "input", "send a JSON object");
            Require(Encoding.UTF8.GetByteCount(input.GetRawText()) <= 256 * 1024, "input", "send at most 256 KiB");
            Require(IsText(input), "input", "leave out broken Unicode");
        }

        if (Labels is not null)
        {
            Require(Labels.Count <= 32, "labels", "send at most 32");
            foreach ((string name, string value) in Labels)
            {
                Require(name.Length is > 0 and <= 64 && IsText(name), "labels", "use names of 1 to 64 characters");
                Require(value is { Length: <= 256 } && IsText(value), $"labels.{name}", "use a value of at most 256 characters");
            }
        }

        if (ClientTools is not null)
        {
            Tools.Client.ClientTools.Validate(ClientTools);
        }

        Require(
            Files is null || (Files.Count <= 32 && Files.Sum(static file => (long)file.Content.Length) <= 16 * 1024 * 1024),
            "files", "send at most 32, of together at most 16 MiB");
        Require(
            Files is null || Files.All(static file => Records.ArtifactStore.IsName(file.Name)), "files.name",
            "use letters, digits, '.', '_' and '-', at most 200 characters");
        Budget?.Validate("budget");
        Require(
            Scopes is null || (Scopes.Count <= 64
                && Scopes.All(static scope => scope is { Length: > 0 and <= 128 }
                    && !scope.Contains(' ', StringComparison.Ordinal))),
            "scopes", "use at most 64, each of 1 to 128 characters without spaces");
        Require(
            Via is null || (Via.Count <= 32 && Via.All(static host => host is { Length: > 0 and <= 256 } && IsText(host))),
            "via", "use at most 32 names of hosts, each of 1 to 256 characters");
        if (CallbackUrl is not null)
        {
            Require(
                CallbackUrl.Length <= 2048 && Uri.TryCreate(CallbackUrl, UriKind.Absolute, out Uri? uri)
                    && uri.Scheme is "http" or "https",
                "callbackUrl", "use an absolute http or https address of at most 2,048 characters");
        }
    }

    private static void RequireText(string? text, string field)
    {
        if (text is not null)
        {
            Require(Encoding.UTF8.GetByteCount(text) <= 32 * 1024, field, "use at most 32 KiB");
            Require(IsText(text), field, "leave out control characters and broken Unicode");
        }
    }

    /// <summary>Text that can be stored and shown: whole Unicode characters, no controls but white space.</summary>
    private static bool IsText(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || (Rune.IsControl(rune) && rune.Value is not ('\n' or '\r' or '\t')))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether every name and every string of a value can be written again.</summary>
    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(IsText),
                JsonValueKind.Object =>
                    value.EnumerateObject().All(static member => member.Name is not null && IsText(member.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            // How System.Text.Json reports half a surrogate pair.
            return false;
        }
    }

    private static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: {remedy}.");
        }
    }
}
