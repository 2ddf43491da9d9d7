using System.Text;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Puts an answer together, whole or from chunks. Every field is optional; what an endpoint says beyond those that count is not
/// looked at. Texts pass at once, calls when the answer is whole.
/// </summary>
/// <param name="sender">Who answers: what only it understands goes back to it alone.</param>
internal sealed class WireAnswer(string sender)
{
    private static readonly string[] ReasoningFields = ["reasoning_content", "reasoning", "reasoning_text"];

    private readonly WireCalls _calls = new();
    private readonly TextJoint _text = new();
    private readonly TextJoint _reasoning = new();
    private readonly StringBuilder _refusal = new();
    private string? _id;
    private string? _model;
    private DateTimeOffset? _createdAt;
    private UsageDetails? _usage;
    private ChatFinishReason? _finishReason;
    private string? _reasoningField;
    private bool _hasText;
    private long _textChoice;
    private long _callsChoice;

    /// <summary>Gets whether anything has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Gets whether the provider said that the answer is whole.</summary>
    public bool IsFinished => _finishReason is not null;

    /// <summary>Ends the answer where the endpoint marked its end without a reason.</summary>
    public void Finish() => _finishReason ??= ChatFinishReason.Stop;

    /// <summary>Ends the answer where the model used up its bound, which is paid for.</summary>
    /// <param name="bound">The most tokens that were asked for; <see langword="null"/> if there is no bound.</param>
    public void Cut(int? bound)
    {
        _finishReason = ChatFinishReason.Length;
        _usage ??= new UsageDetails { OutputTokenCount = bound };
    }

    /// <summary>Takes a chunk, or a whole answer.</summary>
    /// <param name="root">The JSON.</param>
    /// <param name="contents">What of it can pass at once.</param>
    /// <returns>Whether it said anything that counts.</returns>
    /// <exception cref="ErrorInAnswerException">It carries an error.</exception>
    public bool Add(JsonElement root, List<AIContent> contents)
    {
        if (root.ValueKind == JsonValueKind.Array)
        {
            bool any = false;
            foreach (JsonElement item in root.EnumerateArray())
            {
                any |= Add(item, contents);
            }

            return any;
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        ThrowIfError(root);
        bool counts = false;
        HasBegun |= root.Member("choices") is not null || root.Member("usage") is not null;
        _id ??= root.Text("id") is { Length: > 0 } named ? named : null;
        _model ??= root.Text("model") is { Length: > 0 } name ? name : null;
        _createdAt ??= root.Member("created")?.AsWhole() is > 0 and < 253_402_300_799 and long seconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
        bool hasChoices = false;
        if (root.Member("choices") is { } choices)
        {
            foreach (JsonElement choice in choices.ValueKind == JsonValueKind.Array
                ? [.. choices.EnumerateArray()]
                : new[] { choices })
            {
                hasChoices = true;
                counts |= Add(choice, choice.Member("index")?.AsWhole() ?? 0, contents);
            }
        }

        if (WireUsage.Read(root) is { } tokens)
        {
            _usage = Merge(_usage, tokens);
            counts = true;
            if (!hasChoices)
            {
                // The usage of a whole answer comes after its end.
                _finishReason ??= ChatFinishReason.Stop;
            }
        }

        return counts;
    }

    /// <summary>Gets what could not pass before the end: calls, a refusal, usage and the reason of the end.</summary>
    public ChatResponseUpdate Rest()
    {
        List<AIContent> contents = [];
        AddReasoning(_reasoning.End(), contents);
        AddText(_text.End(), contents);
        if (_refusal.Length > 0)
        {
            contents.Add(new ErrorContent(Core.Text.Surrogates.Mend(_refusal.ToString())) { ErrorCode = ModelConventions.Refusal });
        }

        List<FunctionCallContent> made = [.. _calls.All.Select(Call)];
        contents.AddRange(SendableCalls.Mend(made, SendableCalls.RandomId));
        if (_usage is not null)
        {
            contents.Add(new UsageContent(_usage));
        }

        ChatResponseUpdate last = Update(contents);
        last.FinishReason = made.Count > 0 && _finishReason == ChatFinishReason.Stop ? ChatFinishReason.ToolCalls : _finishReason;
        return last;
    }

    /// <summary>Takes what came of the calls since it was last taken.</summary>
    public IReadOnlyList<CallPiece> TakePieces() => _calls.TakePieces();

    /// <summary>Makes an update of some contents.</summary>
    /// <param name="contents">The contents.</param>
    public ChatResponseUpdate Update(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = _id,
        MessageId = _id,
        ModelId = _model,
        CreatedAt = _createdAt,
    };

    private bool Add(JsonElement choice, long index, List<AIContent> contents)
    {
        if (choice.Member("error") is { } error && IsError(error))
        {
            throw new ErrorInAnswerException(error.GetRawText());
        }

        bool counts = false;
        JsonElement? delta = choice.Member("delta");
        JsonElement? message = choice.Member("message");
        if ((delta ?? message) is { } said)
        {
            counts |= AddSaid(said, index, contents);
        }

        // Some last chunks repeat the whole message beside an empty delta: only what has not come yet is taken from it.
        if (delta is not null && message is { } whole)
        {
            counts |= !_hasText && _calls.All.Count == 0 && AddSaid(whole, index, contents);
        }

        if (delta is null && message is null && choice.Text("text") is { Length: > 0 } completion)
        {
            counts |= Say(completion, index, contents);
        }

        if (WireFinish.Of(choice.Text("finish_reason")) is { } reason)
        {
            if (reason == WireFinish.Failed)
            {
                throw new ErrorInAnswerException(JsonSerializer.Serialize(
                    $"the provider ended the answer with '{choice.Text("finish_reason")}'", CoreJsonContext.Default.String));
            }

            // A length stop is told in one chunk; a later one that says less must not hide it.
            _finishReason = _finishReason == ChatFinishReason.Length || _finishReason == ChatFinishReason.ContentFilter
                || _finishReason == WireFinish.MalformedCall
                ? _finishReason
                : reason;
            counts = true;
        }

        return counts;
    }

    private bool AddSaid(JsonElement said, long index, List<AIContent> contents)
    {
        bool counts = false;
        WireContent content = said.Member("content") is { } value ? WireContent.Of(value) : new("", "", "");
        foreach (string field in ReasoningFields)
        {
            // Several endpoints send the same thought in two fields.
            if ((_reasoningField is null || _reasoningField == field) && said.Text(field) is { Length: > 0 } thought)
            {
                _reasoningField = field;
                counts |= AddReasoning(_reasoning.Add(thought), contents) || thought.Length > 0;
                break;
            }
        }

        if (content.Reasoning.Length > 0 && _reasoningField is null)
        {
            counts |= AddReasoning(_reasoning.Add(content.Reasoning), contents);
        }

        if (content.Text.Length > 0)
        {
            counts |= Say(content.Text, index, contents);
        }

        string declined = said.Text("refusal") ?? content.Refusal;
        _refusal.Append(declined);
        counts |= declined.Length > 0;
        bool isFirst = _calls.All.Count == 0 || _callsChoice == index;
        if (isFirst && said.Member("tool_calls") is { } parts)
        {
            _callsChoice = index;
            counts |= _calls.Add(parts);
        }

        if (isFirst && said.Member("function_call") is { } legacy && said.Member("tool_calls") is null)
        {
            _callsChoice = index;
            counts |= _calls.AddLegacy(legacy);
        }

        return counts;
    }

    /// <summary>Takes text; of several choices only the first that speaks is heard.</summary>
    private bool Say(string said, long index, List<AIContent> contents)
    {
        if (_hasText && _textChoice != index)
        {
            return false;
        }

        (_hasText, _textChoice) = (true, index);
        AddText(_text.Add(said), contents);
        return true;
    }

    private static void AddText(string said, List<AIContent> contents)
    {
        if (said.Length > 0)
        {
            contents.Add(new TextContent(said));
        }
    }

    private bool AddReasoning(string thought, List<AIContent> contents)
    {
        if (thought.Length == 0)
        {
            return false;
        }

        var content = new TextReasoningContent(thought);
        if (_reasoningField is not null)
        {
            content.AdditionalProperties = new() { [Sender.Key] = sender, [Sender.FieldKey] = _reasoningField };
        }

        contents.Add(content);
        return true;
    }

    private FunctionCallContent Call(WireCall call)
    {
        FunctionCallContent made = CallArguments.Read(call.Id ?? "", call.Name, call.Arguments,
            _finishReason == ChatFinishReason.Length);
        if (call.Extra is not null)
        {
            made.AdditionalProperties ??= [];
            made.AdditionalProperties[Sender.Key] = sender;
            made.AdditionalProperties[Sender.ExtraKey] = call.Extra;
        }

        return made;
    }

    private static UsageDetails Merge(UsageDetails? known, UsageDetails later) => known is null ? later : new()
    {
        InputTokenCount = later.InputTokenCount ?? known.InputTokenCount,
        OutputTokenCount = later.OutputTokenCount ?? known.OutputTokenCount,
        TotalTokenCount = later.TotalTokenCount ?? known.TotalTokenCount,
        CachedInputTokenCount = later.CachedInputTokenCount ?? known.CachedInputTokenCount,
        ReasoningTokenCount = later.ReasoningTokenCount ?? known.ReasoningTokenCount,
    };

    private static void ThrowIfError(JsonElement root)
    {
        if (root.Member("error") is { } error && IsError(error))
        {
            throw new ErrorInAnswerException(root.GetRawText());
        }

        bool isAnswer = root.Member("choices") is not null;
        if (!isAnswer && (root.Text("object") == "error" || root.Text("type") == "error" || root.Member("detail") is not null
            || (root.Text("message") is not null
                && (root.Member("code") ?? root.Member("status") ?? root.Member("type")) is not null)))
        {
            throw new ErrorInAnswerException(root.GetRawText());
        }
    }

    private static bool IsError(JsonElement error) => error.ValueKind switch
    {
        JsonValueKind.Object => error.EnumerateObject().Any(),
        JsonValueKind.String => error.AsText()!.Length > 0,
        JsonValueKind.True => true,
        _ => false,
    };
}
