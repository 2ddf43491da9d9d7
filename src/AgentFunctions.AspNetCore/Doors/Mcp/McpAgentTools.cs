using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Gateway;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>The tools that start runs: one for each agent, and those of the host's own.</summary>
internal sealed class McpAgentTools(AgentCatalog agents, AgentGateway gateway, IOptions<DoorOptions> options)
{
    /// <summary>The argument that makes a call safe to repeat.</summary>
    public const string RequestKey = "requestKey";

    /// <summary>The label that names the tool of the host's own by which a run was started.</summary>
    public const string Label = "mcp-tool";

    private static readonly JsonTypeInfo<RunSubmission> SubmissionType =
        (JsonTypeInfo<RunSubmission>)ApiJson.Options.GetTypeInfo(typeof(RunSubmission));

    private static readonly JsonElement Input = JsonElement.Parse(
        """
        {"type":"object","properties":{
        "goal":{"type":"string",
        "description":"What is to be reached, in words, with all that the agent needs to know. At most 32 KiB."},
        "acceptance":{"type":"string","description":"When the goal counts as reached, in words."},
        "input":{"type":"object","description":"Further input for the agent, at most 256 KiB."},
        "budget":{"type":"object","description":"What the run may spend.","properties":{
        "steps":{"type":"integer"},"tokens":{"type":"integer"},"usd":{"type":"number"},
        "wallClock":{"type":"string","description":"Such as 5h or PT5H."},"subAgents":{"type":"integer"}}},
        "labels":{"type":"object","additionalProperties":{"type":"string"},"description":"Labels by name."},
        "requestKey":{"type":"string","description":
        "A name of your own for this request, at most 150 characters: repeated under the same key, it is the same run."}},
        "required":["goal"],"additionalProperties":false}
        """);

    private static readonly JsonElement Output = JsonElement.Parse(
        """
        {"type":"object","properties":{
        "run":{"type":"string"},"status":{"type":"string"},"text":{"type":"string"},
        "artifacts":{"type":"array","items":{"type":"string"}},
        "usage":{"type":"object","properties":{
        "inputTokens":{"type":"integer"},"outputTokens":{"type":"integer"},"usd":{"type":"number"}}}},
        "required":["run","status"]}
        """);

    /// <summary>Lists the tools that a caller may use, in ordinal order.</summary>
    public IReadOnlyList<McpAgentTool> Of(Caller caller) =>
    [
        .. Agents().Where(tool => gateway.MayAsk(caller, tool.Agent!))
            .Concat(options.Value.Mcp.Tools).OrderBy(static tool => tool.Name, StringComparer.Ordinal),
    ];

    /// <summary>Finds a tool; <see langword="null"/> if there is none that the caller may use.</summary>
    public McpAgentTool? Find(string name, Caller caller) => Of(caller).FirstOrDefault(tool => tool.Name == name);

    /// <summary>Makes the run of a call.</summary>
    public static RunRequest Submission(McpAgentTool tool, RequestContext<CallToolRequestParams> request)
    {
        RunRequest made = tool.Submit(request);
        return tool.Agent is not null ? made : made with
        {
            Labels = new Dictionary<string, string>(made.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal)
            {
                [Label] = tool.Name,
            },
        };
    }

    /// <summary>Gets how clients see a tool.</summary>
    public static Tool Describe(McpAgentTool tool) => new()
    {
        Name = tool.Name,
        Description = tool.Description,
        InputSchema = tool.InputSchema,
        OutputSchema = tool.OutputSchema,
        Annotations = new ToolAnnotations { OpenWorldHint = true },
    };

    private IEnumerable<McpAgentTool> Agents() => options.Value.Mcp.Agents ? agents.Agents.Select(ToolOf) : [];

    private static McpAgentTool ToolOf(AgentDefinition agent)
    {
        string what = agent.Description.Length > 0 ? agent.Description : $"The agent '{agent.Name}'.";
        return new McpAgentTool(
            agent.Name,
            $"{what} Starts a run of this agent, which may take minutes or days and goes on if the call is given up: "
            + "run_status then tells how it stands.",
            Input,
            request => RequestOf(agent.Name, request))
        {
            OutputSchema = Output,
            Agent = agent.Name,
        };
    }

    private static RunRequest RequestOf(string agent, RequestContext<CallToolRequestParams> request)
    {
        var submission = new JsonObject();
        foreach ((string name, JsonElement value) in request.Params?.Arguments ?? new Dictionary<string, JsonElement>())
        {
            if (name is not RequestKey)
            {
                submission[name] = JsonNode.Parse(value.GetRawText());
            }
        }

        submission["agent"] = agent;
        submission["goal"] ??= "";
        try
        {
            return submission.Deserialize(SubmissionType)!.ToRequest();
        }
        catch (JsonException e)
        {
            string field = e.Path is { Length: > 2 } path ? path[2..] : "arguments";
            throw new AgentException(
                ErrorCode.InvalidInput, $"{field}: unknown, or not of the type that the tool's schema gives for it.");
        }
    }
}
