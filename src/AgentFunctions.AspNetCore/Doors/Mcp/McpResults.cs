using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Runs;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Results of tools, made of runs.</summary>
internal static class McpResults
{
    /// <summary>Makes the result of a run that has ended.</summary>
    /// <exception cref="McpProtocolException">The host itself failed, and not the agent, its model or a tool.</exception>
    public static CallToolResult Of(Run run, McpAgentTool? tool)
    {
        if (run is { Status: RunStatus.Failed, Error: { } fault } && IsOfHost(fault.Code))
        {
            throw new McpProtocolException($"{fault.Message} (run {run.Id})", McpErrorCode.InternalError);
        }

        return tool?.Result is { } make ? make(run) : new CallToolResult
        {
            Content = [new TextContentBlock { Text = TextOf(run) }],
            StructuredContent = tool is null or { OutputSchema: not null } ? Structure(run) : null,
            IsError = run.Status != RunStatus.Completed,
        };
    }

    /// <summary>Makes the result of a call that waited long enough, or cannot go on before somebody has answered.</summary>
    public static CallToolResult Unfinished(RunStand stand) => new()
    {
        Content =
        [
            new TextContentBlock
            {
                Text = $"Run {stand.Run.Id} goes on. {(stand.Words is { } words ? words + " " : "")}"
                    + "Call run_status with this id to hear how it stands"
                    + (stand.Answerable.Count == 0 ? "." : ", and run_answer to answer."),
            },
        ],
        StructuredContent = Structure(stand.Run),
    };

    /// <summary>Makes the result that a request could not be carried out, which the model at the other end may mend.</summary>
    public static CallToolResult Refusal(AgentException error) => new()
    {
        Content = [new TextContentBlock { Text = $"{error.Message} [{CamelCase.Of(error.Code)}]" }],
        IsError = true,
    };

    /// <summary>Makes a result of words.</summary>
    public static CallToolResult Words(string text) => new() { Content = [new TextContentBlock { Text = text }] };

    /// <summary>Whether a run failed by a fault of the host: other exceptions go by the names of their types.</summary>
    private static bool IsOfHost(string code) => !Enum.IsDefined(typeof(ErrorCode), code)
        || code is nameof(ErrorCode.NonDeterminism) or nameof(ErrorCode.EngineUnavailable);

    private static string TextOf(Run run) => string.Join(
        "\n\n",
        new[]
        {
            run.Result?.Text, run.Result?.Note,
            run.Status == RunStatus.Completed
                ? null
                : $"The run is {CamelCase.Of(run.Status)}{(run.Error is { } error ? $": {error.Message} [{error.Code}]" : "")}.",
        }.Where(static part => !string.IsNullOrEmpty(part)));

    private static JsonElement Structure(Run run)
    {
        var shown = new JsonObject
        {
            ["run"] = run.Id,
            ["status"] = CamelCase.Of(run.Status),
            ["usage"] = new JsonObject
            {
                ["inputTokens"] = run.Usage.InputTokens,
                ["outputTokens"] = run.Usage.OutputTokens,
                ["usd"] = run.Usage.Usd,
            },
        };
        if (run.Result is { } result)
        {
            shown["text"] = result.Text;
            shown["artifacts"] = new JsonArray([.. result.Artifacts.Select(static name => (JsonNode)name)]);
        }

        return JsonElement.Parse(shown.ToJsonString());
    }
}
