using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Doors.Mcp;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>The tools that MCP's conformance suite asks of a server, each a run of a scripted agent.</summary>
internal static class McpFixtures
{
    private const string Agent = "fixtures";

    /// <summary>Starts a host with the door and the tools.</summary>
    public static Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        Script,
        [
            AgentTool.Create("sleep", "Sleeps.", ToolEffect.None, SleepAsync),
        ],
        static builder =>
        {
            // What a host adds of its own stands beside what the door has.
            builder.Services.AddMcpServer().WithResources<McpForms.Resources>().WithPrompts<McpForms.Prompts>()
                .WithTools<McpForms.OwnTools>();
            builder.Services.AddAgent(AgentFunctions.Agents.Agent.Create(Agent)
                .WithInstructions("Do as you are told.").WithTools("sleep", "ask_person").Build());
            builder.Services.AddAgentFunctionsDoors(static options =>
            {
                options.Mcp.Agents = false;
                foreach (McpAgentTool tool in Tools)
                {
                    options.Mcp.Tools.Add(tool);
                }
            });
        },
        static app => app.MapDoors());

    private static IEnumerable<McpAgentTool> Tools =>
    [
        Tool("greet", McpTaskUse.Never, """{"name":{"type":"string"}}"""),
        Tool("slow_compute", McpTaskUse.May, """{"seconds":{"type":"integer"},"label":{"type":"string"}}"""),
        new McpAgentTool("failing_job", "Fails.", Schema("{}"), Submit) { Tasks = McpTaskUse.Must, Result = Failed },
        new McpAgentTool("protocol_error_job", "Fails worse.", Schema("{}"), Submit)
        {
            Result = static _ => throw new McpProtocolException("it is broken", McpErrorCode.InternalError),
        },
        Tool("confirm_delete", McpTaskUse.May, """{"filename":{"type":"string"}}"""),
        Tool("multi_input", McpTaskUse.May, "{}"),
        new McpAgentTool("test_missing_capability", "Needs a client that samples.", Schema("{}"), SubmitSampling),
        new McpAgentTool("test_streaming_elicitation", "Asks first.", Schema("{}"), SubmitNamed) { Result = Says },
        new McpAgentTool("test_tool_with_task", "Asks first.", Schema("{}"), SubmitNamed) { Tasks = McpTaskUse.Must },
        Tool("test_simple_text", McpTaskUse.Never, "{}"),
        new McpAgentTool("test_error_handling", "Fails.", Schema("{}"), Submit) { Result = Failed },
        Tool("test_tool_with_progress", McpTaskUse.Never, "{}"),
        new McpAgentTool("test_input_required_result_elicitation", "Asks first.", Schema("{}"), SubmitNamed) { Result = Says },
        Tool("test_input_required_result_tampered_state", McpTaskUse.Never, "{}"),
        Tool("test_input_required_result_request_state", McpTaskUse.Never, "{}"),
        Tool("test_input_required_result_multi_round", McpTaskUse.Never, "{}"),
        Asking("sampling", static _ => McpForms.Sampling),
        Asking("list_roots", static _ => McpForms.Roots),
        Asking("multiple_inputs", static _ => $"{McpForms.Name},{McpForms.Sampling},{McpForms.Roots}"),
        Asking("capabilities", static known => known?["elicitation"] is null ? McpForms.Sampling : McpForms.Name),
        .. McpForms.Tools.Select(static form => new McpAgentTool(
            form.Name, "Asks first.", Schema("""{"message":{"type":"string"}}"""), request => Submit(request, "answer",
                form.Asked, form.Form))
        {
            Result = Says,
        }),
        new McpAgentTool("json_schema_2020_12_tool", "Takes what a schema of 2020-12 describes.",
            JsonElement.Parse(McpForms.Schema2020), Submit)
        {
            Result = Says,
        },
    ];

    /// <summary>The suite names tools that take some seconds.</summary>
    private static async Task<string> SleepAsync(int seconds, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(Math.Max(1, seconds * 1_000)));
        await timer.WaitForNextTickAsync(cancellationToken);
        return $"slept {seconds}";
    }

    private static McpAgentTool Tool(string name, McpTaskUse tasks, string properties) =>
        new(name, $"The tool {name}.", Schema(properties), Submit)
        {
            Tasks = tasks,
            Result = Says,
        };

    /// <summary>A tool that asks its client for what no run asks for, before there is one.</summary>
    /// <param name="name">The end of its name.</param>
    /// <param name="asked">What it asks for, as members of an object, by what the client can do.</param>
    private static McpAgentTool Asking(string name, Func<JsonNode?, string> asked) => new(
        $"test_input_required_result_{name}", "Asks first.", Schema("{}"),
        request =>
        {
            string members = asked(request.Params!.Meta?["io.modelcontextprotocol/clientCapabilities"]);
            IDictionary<string, InputRequest> requests = JsonSerializer.Deserialize(
                $"{{{members}}}",
                McpJsonUtilities.GetTypeInfo<IDictionary<string, InputRequest>>(McpJsonUtilities.DefaultOptions))!;
            return requests.Keys.All(key => request.Params.InputResponses?.ContainsKey(key) == true)
                ? Submit(request)
                : throw new InputRequiredException(requests, "asked");
        })
    {
        Result = Says,
    };

    private static CallToolResult Says(Run run) => new()
    {
        Content = [new TextContentBlock { Text = run.Result?.Text ?? run.Error?.Message ?? "" }],
        IsError = run.Error is null ? null : true,
    };

    private static CallToolResult Failed(Run run) => new()
    {
        Content = [new TextContentBlock { Text = run.Result!.Text }],
        IsError = true,
    };

    private static JsonElement Schema(string properties) =>
        JsonElement.Parse($$"""{"type":"object","properties":{{properties}}}""");

    private static RunRequest Submit(RequestContext<CallToolRequestParams> request) => new()
    {
        Agent = Agent,
        Goal = $"{request.Params!.Name} {JsonSerializer.Serialize(request.Params.Arguments ?? new Dictionary<string, JsonElement>())}",
    };

#pragma warning disable MCP9005 // The suite for 2026-07-28 asks for it, though that version has deprecated it.
    private static RunRequest SubmitSampling(RequestContext<CallToolRequestParams> request) =>
        request.JsonRpcRequest.Context?.ClientCapabilities?.Sampling is not null
            ? Submit(request)
            : throw new MissingRequiredClientCapabilityException(
                new ClientCapabilities { Sampling = new SamplingCapability() }, "The client must declare 'sampling'.");
#pragma warning restore MCP9005

    private static RunRequest SubmitNamed(RequestContext<CallToolRequestParams> request) =>
        Submit(request, "user_name", "What is your name?",
            """{"type":"object","properties":{"name":{"type":"string","title":"Name"}}}""");

    /// <summary>Makes a run once the client's person has filled in a form, which is asked for before there is one.</summary>
    private static RunRequest Submit(RequestContext<CallToolRequestParams> request, string key, string asked, string form)
    {
        if (request.Params!.InputResponses?.TryGetValue(key, out InputResponse? response) != true
            || response!.RawValue.ValueKind != JsonValueKind.Object)
        {
            throw new InputRequiredException(new Dictionary<string, InputRequest>
            {
                [key] = InputRequest.ForElicitation(new ElicitRequestParams
                {
                    Message = asked,
                    RequestedSchema = JsonSerializer.Deserialize(
                        form, McpJsonUtilities.GetTypeInfo<ElicitRequestParams.RequestSchema>(McpJsonUtilities.DefaultOptions)),
                }),
            });
        }

        return new RunRequest { Agent = Agent, Goal = $"{request.Params.Name} {response.RawValue.GetRawText()}" };
    }

    private static ChatReply Script(ChatRequest request)
    {
        // The arguments stand in the goal as JSON, which may be escaped once more.
        string goal = request.Messages
            .Select(static message => message.TryGetProperty("content", out JsonElement content) ? content.ToString() : "")
            .First(static text =>
                text.Contains("slow_compute", StringComparison.Ordinal) || text.Contains('{', StringComparison.Ordinal));
        if (request.Turn == 1 && Is("multi_round"))
        {
            return new ChatReply { Calls = [Ask("color", "string")] };
        }

        if (request.Turn > 0)
        {
            return ChatReply.Say($"Done: {string.Join(", ", request.Results)}");
        }

        return goal switch
        {
            _ when Is("slow_compute") => ChatReply.Call("sleep", new { seconds = SecondsOf(goal) }),
            _ when Is("failing_job") || Is("progress") => ChatReply.Call("sleep", new { seconds = 1 }),
            _ when Is("multi_round") => new ChatReply { Calls = [Ask("name", "string")] },
            _ when Is("tampered_state") || Is("request_state") => new ChatReply { Calls = [Ask("ok", "boolean")] },
            _ when Is("confirm_delete") => new ChatReply { Calls = [Ask("confirm", "boolean")] },
            _ when Is("multi_input") => new ChatReply { Calls = [Ask("name", "string"), Ask("confirm", "boolean")] },
            _ when Is("greet") => ChatReply.Say($"Hello, {NameOf(goal)}!"),
            _ => ChatReply.Say($"Hello, {goal}"),
        };

        bool Is(string tool) => goal.Contains(tool, StringComparison.Ordinal);
    }

    private static ChatReplyCall Ask(string field, string type) => ChatReplyCall.Of("ask_person", new
    {
        question = $"What about {field}?",
        form = JsonElement.Parse(
            $$$"""
            {"type":"object","properties":{"{{{field}}}":{"type":"{{{type}}}","title":"{{{field}}}"}},"required":["{{{field}}}"]}
            """),
    });

    private static string NameOf(string goal) => new(
    [
        .. goal[goal.LastIndexOf("name", StringComparison.Ordinal)..].Skip(4)
            .SkipWhile(static c => !char.IsAsciiLetter(c)).TakeWhile(static c => char.IsAsciiLetterOrDigit(c) || c == '-'),
    ]);

    private static int SecondsOf(string goal)
    {
        int at = goal.IndexOf("seconds", StringComparison.Ordinal);
        string digits = at < 0
            ? "0"
            : new([.. goal.Skip(at).SkipWhile(static c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit)]);
        return int.Parse(digits, CultureInfo.InvariantCulture);
    }
}
