using System.Text.Json;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>The tools with which clients that know no tasks see and steer runs.</summary>
internal sealed class McpRunTools(
    RunStands stands, RunSteering steering, ApprovalService approvals, QuestionService questions, OpenStreams streams)
{
    private const int MostSeconds = 50;

    /// <summary>Gets how clients see the tools.</summary>
    public static IReadOnlyList<Tool> All { get; } =
    [
        Describe(
            "run_status", "Tells how a run stands: its result, or what it waits for.", true,
            """
            {"id":{"type":"string","description":"The run."},
            "waitSeconds":{"type":"integer","minimum":0,"maximum":50,
            "description":"Waits so long for the end of the run, or for a question; 0 by default."}}
            """,
            "id"),
        Describe(
            "run_message", "Says something to a run. A run that has ended resumes with it.", false,
            """{"id":{"type":"string"},"text":{"type":"string","description":"The words."}}""", "id", "text"),
        Describe(
            "run_answer",
            "Answers what a run waits for: an approval with approve, a question with answers. Only if your person has said so.",
            false,
            """
            {"id":{"type":"string","description":"The run."},
            "question":{"type":"string","description":"The id of the approval or question."},
            "approve":{"type":"boolean"},"comment":{"type":"string"},
            "arguments":{"type":"object","description":"For an approval: arguments to call with instead."},
            "answers":{"type":"object",
            "description":"For a question: values by the names of its fields; leave it out to decline."}}
            """,
            "id", "question"),
        Describe(
            "run_cancel", "Asks a run to end. What was reached stays.", false,
            """{"id":{"type":"string"},"reason":{"type":"string"}}""", "id"),
    ];

    /// <summary>Calls one of the tools; <see langword="null"/> if the name is none of theirs.</summary>
    public async Task<CallToolResult?> TryCallAsync(
        CallToolRequestParams call, Caller caller, CancellationToken cancellationToken) =>
        call.Name switch
        {
            "run_status" => await StatusAsync(call, caller, cancellationToken),
            "run_message" => await SayAsync(call, caller, cancellationToken),
            "run_answer" => await AnswerAsync(call, caller, cancellationToken),
            "run_cancel" => await CancelAsync(call, caller, cancellationToken),
            _ => null,
        };

    private async Task<CallToolResult> StatusAsync(CallToolRequestParams call, Caller caller, CancellationToken cancellationToken)
    {
        int wait = Find(call, "waitSeconds") is { ValueKind: JsonValueKind.Number } given && given.TryGetInt32(out int seconds)
            ? Math.Clamp(seconds, 0, MostSeconds)
            : 0;
        using IDisposable? stream = wait == 0 ? null : streams.Open(caller);
        RunStand stand = wait == 0
            ? await stands.GetAsync(Text(call, "id"), caller, RunAct.See, cancellationToken)
            : await stands.WaitAsync(Text(call, "id"), caller, TimeSpan.FromSeconds(wait), null, cancellationToken);
        return stand.Run.IsEnded ? McpResults.Of(stand.Run, null) : McpResults.Unfinished(stand);
    }

    private async Task<CallToolResult> SayAsync(CallToolRequestParams call, Caller caller, CancellationToken cancellationToken)
    {
        string id = Text(call, "id");
        await stands.GetAsync(id, caller, RunAct.Steer, cancellationToken);
        await steering.SendAsync(id, Text(call, "text"), caller, null, cancellationToken);
        return McpResults.Words($"Run {id} was told.");
    }

    private async Task<CallToolResult> AnswerAsync(CallToolRequestParams call, Caller caller, CancellationToken cancellationToken)
    {
        string id = Text(call, "id");
        string question = Text(call, "question");
        RunStand stand = await stands.GetAsync(id, caller, RunAct.See, cancellationToken);
        OpenQuestion open = stand.Answerable.FirstOrDefault(one => one.Id == question)
            ?? throw new AgentException(
                ErrorCode.ApprovalNotFound, $"question: run '{id}' waits for nothing of this id that you may answer.");
        string? comment = OptionalText(call, "comment");
        if (open.Approval is { } approval)
        {
            bool approves = Find(call, "approve")?.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => throw new AgentException(ErrorCode.InvalidInput, "approve: send true or false."),
            };
            JsonElement? edited = approves ? Find(call, "arguments") : null;
            await approvals.DecideAsync(approval.Id, caller, approves, comment, edited, cancellationToken);
        }
        else if (Find(call, "answers") is { } answers)
        {
            await questions.AnswerAsync(question, caller, answers, cancellationToken);
        }
        else
        {
            await questions.DeclineAsync(question, caller, comment, cancellationToken);
        }

        return McpResults.Words($"Run {id} goes on.");
    }

    private async Task<CallToolResult> CancelAsync(CallToolRequestParams call, Caller caller, CancellationToken cancellationToken)
    {
        string id = Text(call, "id");
        await stands.GetAsync(id, caller, RunAct.Stop, cancellationToken);
        await steering.CancelAsync(id, caller, OptionalText(call, "reason"), null, cancellationToken);
        return McpResults.Words($"Run {id} was asked to end.");
    }

    private static Tool Describe(
        string name, string description, bool reads, string properties, params string[] required) => new()
        {
            Name = name,
            Description = description,
            InputSchema = JsonElement.Parse(
                $$"""
                {"type":"object","properties":{{properties}},
                "required":[{{string.Join(',', required.Select(static one => $"\"{one}\""))}}]}
                """),
            Annotations = new ToolAnnotations
            {
                ReadOnlyHint = reads,
                DestructiveHint = name == "run_cancel",
                IdempotentHint = name != "run_message",
            },
        };

    private static JsonElement? Find(CallToolRequestParams call, string name) =>
        call.Arguments?.TryGetValue(name, out JsonElement value) == true && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Text(CallToolRequestParams call, string name) =>
        Find(call, name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text
            ? text
            : throw new AgentException(ErrorCode.InvalidInput, $"{name}: send text.");

    private static string? OptionalText(CallToolRequestParams call, string name) => Find(call, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw new AgentException(ErrorCode.InvalidInput, $"{name}: send text, or leave it out."),
    };
}
