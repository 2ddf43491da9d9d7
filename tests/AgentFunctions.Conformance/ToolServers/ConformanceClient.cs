using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Options;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Records;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Conformance.ToolServers;

/// <summary>
/// The client that the official conformance suite of MCP runs: a host whose configuration names the scenario's server, an agent's view of
/// its tools, a call of each of them, and a person who signs in when the server asks for it.
/// </summary>
internal sealed class ConformanceClient : IAsyncDisposable
{
    /// <summary>The argument that starts it.</summary>
    public const string Verb = "mcp-client";

    private const string Server = "scenario";
    private const int MostSignIns = 3;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("agentfunctions-conformance-");
    private readonly AgentDefinition _agent = Agent.Create("tester").WithInstructions("Test.").Build();
    private readonly JsonObject _context;
    private readonly IHost _host;
    private readonly IServiceProvider _services;
    private int _signIns;
    private int _calls;

    private ConformanceClient(string url, JsonObject context, JsonNode oauth)
    {
        _context = context;
        var entry = new JsonObject { ["type"] = "http", ["url"] = url, ["oauth"] = oauth };
        var configuration = new JsonObject { ["mcpServers"] = new JsonObject { [Server] = entry } };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Governance:Network:Allow:0", "localhost"), new("Governance:Network:Allow:1", "127.0.0.1")]);
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddSqliteEngine(options => options.DataFile = Path.Combine(_folder.FullName, "runs.db"))
            .AddMcpServer(McpConfiguration.Parse(configuration.ToJsonString(), "scenario.json").Servers[0])
            .PostConfigure<GovernanceOptions>(options => options.KeyFolder = Path.Combine(_folder.FullName, "keys"));
        builder.Logging.AddConsole(static options => options.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Information);
        _host = builder.Build();
        _services = _host.Services;
    }

    /// <summary>Does what the scenario of the environment wants of a client.</summary>
    /// <param name="url">The scenario's server.</param>
    public static async Task<int> RunAsync(string url)
    {
        string? text = Environment.GetEnvironmentVariable("MCP_CONFORMANCE_CONTEXT");
        JsonObject context = string.IsNullOrEmpty(text) ? [] : JsonNode.Parse(text)!.AsObject();
        string scenario = Environment.GetEnvironmentVariable("MCP_CONFORMANCE_SCENARIO") ?? "";
        try
        {
            await using var client = new ConformanceClient(url, context, await ConformanceSignIn.ConfigureAsync(scenario, url, context));
            await client.UseAsync();
            return 0;
        }
        catch (AgentException e)
        {
            await Console.Error.WriteLineAsync(e.ToString());
            return 1;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task UseAsync()
    {
        await _host.StartAsync();
        IReadOnlyList<AgentTool> tools = await ListAsync();
        Console.WriteLine($"tools: {string.Join(", ", tools.Select(static tool => tool.Name))}");
        foreach ((string name, JsonObject arguments) in Calls(tools))
        {
            ToolOutcome outcome = await CallAsync(tools, name, arguments);
            while (NeedsSignIn(outcome.Text) && await SignInAsync())
            {
                outcome = await CallAsync(await ListAsync(), name, arguments);
            }

            Console.WriteLine($"{name}: {outcome.Code} {outcome.Text}");
        }
    }

    private async Task<IReadOnlyList<AgentTool>> ListAsync()
    {
        while (true)
        {
            ToolOffer offer = await _services.GetRequiredService<ToolCatalog>().ChooseAsync(_agent, TimeSpan.FromMinutes(1));
            if (offer.Missing.Count == 0)
            {
                return offer.Tools;
            }

            string reason = string.Join(" ", offer.Missing.Select(static missing => missing.Reason));
            if (!NeedsSignIn(reason) || !await SignInAsync())
            {
                throw new AgentException(ErrorCode.ToolUnavailable, reason);
            }
        }
    }

    /// <summary>A call of each tool, or the calls that the scenario names.</summary>
    private IEnumerable<(string Name, JsonObject Arguments)> Calls(IReadOnlyList<AgentTool> tools)
    {
        if (_context["toolCalls"] is JsonArray named)
        {
            return named.Select(static call => ($"mcp__{Server}__{call!["name"]}", call["arguments"]!.AsObject()));
        }

        return tools.Select(tool => (tool.Name, Arguments(tool, tools)));
    }

    private static JsonObject Arguments(AgentTool tool, IReadOnlyList<AgentTool> tools)
    {
        var arguments = new JsonObject();
        foreach ((string name, JsonNode? schema) in JsonNode.Parse(tool.Function.JsonSchema.GetRawText())?["properties"]?.AsObject() ?? [])
        {
            arguments[name] = schema?["type"]?.ToString() switch
            {
                "number" or "integer" => 5,
                "boolean" => true,
                // A scenario has a schema sent back as it arrived.
                "object" when name == "schema" => JsonNode.Parse(tools.First(static other => other.Name.EndsWith("_tool", StringComparison.Ordinal)).Function.JsonSchema.GetRawText()),
                "object" => new JsonObject(),
                "array" => new JsonArray(),
                _ => "text",
            };
        }

        return arguments;
    }

    private async Task<ToolOutcome> CallAsync(IReadOnlyList<AgentTool> tools, string name, JsonObject arguments)
    {
        var context = new ToolContext
        {
            RunId = "run-1",
            Agent = _agent.Name,
            Turn = 1,
            Call = _calls++,
            Artifacts = _services.GetRequiredService<ArtifactStore>(),
            Services = _services,
        };
        var call = new FunctionCallContent("call", name, arguments.Deserialize<Dictionary<string, object?>>());
        return await _services.GetRequiredService<ToolInvoker>().InvokeAsync(tools, call, context);
    }

    private static bool NeedsSignIn(string text) => text.Contains("agentfunctions mcp login", StringComparison.Ordinal);

    private async Task<bool> SignInAsync()
    {
        if (_signIns++ == MostSignIns)
        {
            return false;
        }

        await _services.GetRequiredService<McpSignIn>().LoginAsync(Server, ConformanceSignIn.BrowseAsync);
        return true;
    }
}
