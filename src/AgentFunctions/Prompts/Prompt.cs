using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core.Text;
using AgentFunctions.Models;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Prompts;

/// <summary>
/// What the model is shown: the agent's instructions, the goal verbatim, then the messages. The same state yields the
/// same bytes, so that a provider's prompt cache holds from turn to turn.
/// </summary>
internal static class Prompt
{
    /// <summary>What a message costs beyond its text: role, ids, separators; a generous bound in bytes.</summary>
    private const int MessageFrame = 256;

    /// <summary>What a large image costs with the providers that tell; no bound is known for other data.</summary>
    internal const int MediaTokens = 2_048;

    /// <summary>
    /// What the host's own messages begin with. The model is told by marks that it cannot forge what a person said, never by this
    /// alone.
    /// </summary>
    public const string HostMark = "[host]";

    /// <summary>The key, with who it was, of a result that is a person's words and not what a tool returned.</summary>
    public const string SaidBy = "saidBy";

    private const string HostRules = $"""
        You work inside a durable runtime: every message and every tool call is recorded, and you may be resumed after an
        interruption. {UntrustedText.Explanation} {UntrustedText.PersonExplanation}
        When the goal is reached, answer in plain text without calling a tool; that ends the run.
        """;

    // Every request shows all messages again, and they are kept in memory from turn to turn: each is marked once.
    private static readonly ConditionalWeakTable<ChatMessage, ChatMessage> s_markedResults = [];
    private static readonly ConditionalWeakTable<ChatMessage, ChatMessage> s_markedWords = [];

    // And the first one says the same for as long as the agent is the same, so that it is looked at for secrets once.
    private static readonly ConditionalWeakTable<AgentDefinition, ChatMessage> s_instructions = [];

    private static readonly ConditionalWeakTable<ChatMessage, ChatMessage>.CreateValueCallback s_markResult =
        static message => With(
        message,
        static content => content is FunctionResultContent { Result: { } result } answer
            ? new FunctionResultContent(answer.CallId, MarkedResult(answer, result.ToString() ?? ""))
            : content);

    private static readonly ConditionalWeakTable<ChatMessage, ChatMessage>.CreateValueCallback s_markWords =
        static message => With(
        message, static content => content is TextContent said ? new TextContent(UntrustedText.MarkPerson(said.Text)) : content);

    /// <summary>What a model is told that takes part in a conversation.</summary>
    private const string ChatRules = UntrustedText.Explanation;

    /// <summary>The first message of every request, as the agent is addressed.</summary>
    public static ChatMessage First(AgentDefinition agent, RunRecord run) =>
        agent.Framing == PromptFraming.Chat && run is { Acceptance: null, Input: null }
            ? new ChatMessage(ChatRole.User, run.Goal)
            : Goal(run);

    /// <summary>The message that pins the goal: the first of every request.</summary>
    public static ChatMessage Goal(RunRecord run)
    {
        var text = new StringBuilder("# Goal\n").Append(run.Goal);
        if (run.Acceptance is not null)
        {
            text.Append("\n\n# Done when");
            Append(text, run.Acceptance);
        }

        if (run.Input is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } input)
        {
            text.Append("\n\n# Input\n").Append(input.GetRawText());
        }

        return new ChatMessage(ChatRole.User, text.ToString());
    }

    private static void Append(StringBuilder text, RunAcceptance acceptance)
    {
        if (acceptance.Criteria is { } words)
        {
            text.Append('\n').Append(words);
        }

        if (acceptance.Command is { } command)
        {
            text.Append("\nThis command passes: ").AppendJoin(' ', command);
        }

        if (acceptance.Schema is { } schema)
        {
            text.Append("\nYour answer is JSON of this schema and nothing else: ").Append(schema.GetRawText());
        }

        if (acceptance.Judge is { } judge)
        {
            text.Append("\nA judge accepts your answer by this rubric: ").Append(judge.Rubric);
        }
    }

    /// <summary>Makes the messages of a request.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="entries">What is recorded.</param>
    /// <param name="added">What stands behind it and is not recorded yet.</param>
    public static List<ChatMessage> Build(AgentDefinition agent, IReadOnlyList<TranscriptEntry> entries,
        params IReadOnlyList<TranscriptEntry> added)
    {
        var messages = new List<ChatMessage>(1 + entries.Count + added.Count)
        {
            s_instructions.GetValue(agent, static agent => new ChatMessage(ChatRole.System, Instructions(agent))),
        };
        foreach (TranscriptEntry entry in InOrder(entries.Concat(added)))
        {
            messages.Add(agent.Framing == PromptFraming.Chat ? MarkedResults(entry) : Marked(entry));
        }

        return messages;
    }

    /// <summary>What was said before the goal stands before it, though the goal has the first place.</summary>
    internal static IEnumerable<TranscriptEntry> InOrder(IEnumerable<TranscriptEntry> entries)
    {
        if (entries.FirstOrDefault() is not { Turn: 0, Source: TranscriptOrigin.Goal } goal)
        {
            return entries;
        }

        int before = entries.Skip(1).TakeWhile(static entry => entry is { Turn: 0, SummaryKeepsFrom: null }).Count();
        return before == 0 ? entries : entries.Skip(1).Take(before).Append(goal).Concat(entries.Skip(1 + before));
    }

    /// <summary>
    /// What tools returned and what people say, marked as what it is. Here and not in the transcript: people and tools read that
    /// without the marks, and whatever was recorded is marked, also by an earlier version.
    /// </summary>
    private static ChatMessage Marked(TranscriptEntry entry) => entry.Source switch
    {
        TranscriptOrigin.Result => s_markedResults.GetValue(entry.Message, s_markResult),
        TranscriptOrigin.Person when entry.Message.Role == ChatRole.User => s_markedWords.GetValue(entry.Message, s_markWords),
        _ => entry.Message,
    };

    /// <summary>In a conversation nobody is told of the marks around what people say, so they are left out.</summary>
    private static ChatMessage MarkedResults(TranscriptEntry entry) =>
        entry.Source == TranscriptOrigin.Person ? entry.Message : Marked(entry);

    private static string MarkedResult(FunctionResultContent answer, string text) =>
        answer.AdditionalProperties?.ContainsKey(SaidBy) == true
        ? UntrustedText.MarkPerson(text)
        : UntrustedText.Mark(text, answer.CallId);

    private static ChatMessage With(ChatMessage message, Func<AIContent, AIContent> change) =>
        new(message.Role, [.. message.Contents.Select(change)]);

    /// <summary>An upper bound of the first request's tokens: its bytes, since no token is shorter than a byte.</summary>
    public static long FirstRequestBytes(AgentDefinition agent, RunRecord run, IReadOnlyList<ToolDeclaration> tools)
    {
        long bytes = MessageFrame
            + Encoding.UTF8.GetByteCount(Instructions(agent)) + Encoding.UTF8.GetByteCount(First(agent, run).Text);
        return bytes + tools.Sum(static tool => tool.Bytes);
    }

    /// <summary>An upper bound of a message's tokens: its bytes.</summary>
    public static long BytesOf(ChatMessage message) => MessageFrame + message.Contents.Sum(content => content switch
    {
        TextContent text => Encoding.UTF8.GetByteCount(text.Text),
        TextReasoningContent reasoning => Encoding.UTF8.GetByteCount(reasoning.Text),
        FunctionCallContent call =>
            call.Name.Length + (long)Encoding.UTF8.GetByteCount(ModelConventions.ArgumentsText(call)) + MessageFrame,
        FunctionResultContent result => Encoding.UTF8.GetByteCount(result.Result?.ToString() ?? "") + MessageFrame,
        DataContent or UriContent => MediaTokens,
        _ => MessageFrame,
    });

    private static string Instructions(AgentDefinition agent)
    {
        string rules = agent.Framing == PromptFraming.Chat ? ChatRules : HostRules;
        return string.IsNullOrWhiteSpace(agent.Instructions) ? rules : $"{agent.Instructions.Trim()}\n\n{rules}";
    }

    public static ChatOptions Options(
        AgentDefinition agent, ModelBinding model, IReadOnlyList<ToolDeclaration> tools, int maxOutputTokens,
        RunAcceptance? acceptance = null) => new()
        {
            ModelId = model.ModelId,
            MaxOutputTokens = maxOutputTokens,
            Temperature = model.Profile.Temperature,
            Tools = tools.Count == 0 ? null : [.. tools.Select(tool => tool.Function)],
            ResponseFormat = FormatOf(agent, acceptance),
        };

    /// <summary>
    /// A schema of the run stands in place of the agent's. Where the agent has none, the words of the goal tell the model of it;
    /// only an agent that takes part in a conversation is called as its own framework would call it.
    /// </summary>
    private static ChatResponseFormat? FormatOf(AgentDefinition agent, RunAcceptance? acceptance)
    {
        bool isSent = agent.OutputSchema is not null || agent.Framing == PromptFraming.Chat;
        return isSent && (acceptance?.Schema ?? agent.OutputSchema) is { } schema
            ? ChatResponseFormat.ForJsonSchema(schema, "result")
            : null;
    }
}
