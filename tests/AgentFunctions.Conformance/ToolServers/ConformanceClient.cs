using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Records;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Conformance.ToolServers;

/// <summary>
/// The client that the official conformance suite of MCP runs: a host whose configuration names the scenario's server, an agent's
/// view of its tools, a call of each of them, and a person who signs in and answers when the server asks for it.
/// </summary>
internal sealed class ConformanceClient : IAsyncDisposable
{
    private const string Server = "scenario";
    private const int MostSignIns = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly AgentDefinition _agent = Agent.Create("tester").WithInstructions("Test.").Build();
    private readonly JsonObject _context;
    private readonly TextWriter _said;
    private readonly LogLines _log = new();
    private readonly IHost _host;
    private readonly IServiceProvider _services;
    private int _signIns;
    private int _calls;

    private ConformanceClient(string url, JsonObject context, JsonNode oauth, TextWriter said)
    {
        _said = said;
        _context = context;
        var entry = new JsonObject { ["type"] = "http", ["url"] = url, ["oauth"] = oauth };
        var configuration = new JsonObject { ["mcpServers"] = new JsonObject { [Server] = entry } };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Governance:Network:Allow:0", "localhost"),
            new("Governance:Network:Allow:1", "127.0.0.1")]);
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddSqliteEngine(options => options.DataFile = _folder.File("runs.db"))
            .AddMcpServer(McpConfiguration.Parse(configuration.ToJsonString(), "scenario.json").Servers[0])
            .PostConfigure<GovernanceOptions>(options => options.KeyFolder = _folder.File("keys"));
        builder.Logging.AddProvider(_log).SetMinimumLevel(LogLevel.Information);
        _host = builder.Build();
        _services = _host.Services;
    }

    /// <summary>Does what a scenario wants of a client.</summary>
    /// <param name="scenario">Its name.</param>
    /// <param name="url">The scenario's server.</param>
    /// <param name="context">What the suite tells the client beside; may be empty.</param>
    /// <param name="said">Where it writes what it did.</param>
    /// <returns>Whether it could do it.</returns>
    public static async Task<bool> RunAsync(string scenario, string url, string context, TextWriter said)
    {
        JsonObject told = context.Length == 0 ? [] : JsonNode.Parse(context)!.AsObject();
        await using var client = new ConformanceClient(url, told, await ConformanceSignIn.ConfigureAsync(scenario, url, told),
            said);
        try
        {
            await client.UseAsync();
            return true;
        }
        catch (AgentException e)
        {
            await said.WriteLineAsync(e.ToString());
            return false;
        }
        finally
        {
            await said.WriteLineAsync(string.Join('\n', client._log.All));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    private async Task UseAsync()
    {
        await _host.StartAsync();
        IReadOnlyList<AgentTool> tools = await ListAsync();
        _said.WriteLine($"tools: {string.Join(", ", tools.Select(static tool => tool.Name))}");
        foreach ((string name, JsonObject arguments) in Calls(tools))
        {
            ToolOutcome outcome = await CallAsync(tools, name, arguments);
            while (NeedsSignIn(outcome.Text) && await SignInAsync())
            {
                outcome = await CallAsync(await ListAsync(), name, arguments);
            }

            _said.WriteLine($"{name}: {outcome.Code} {outcome.Text}");
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
        foreach ((string name,
            JsonNode? schema) in JsonNode.Parse(tool.Function.JsonSchema.GetRawText())?["properties"]?.AsObject() ?? [])
        {
            arguments[name] = schema?["type"]?.ToString() switch
            {
                "number" or "integer" => 5,
                "boolean" => true,
                // A scenario has a schema sent back as it arrived.
                "object" when name == "schema" =>
                    JsonNode.Parse(tools.First(static other => other.Name.EndsWith("_tool",
                        StringComparison.Ordinal)).Function.JsonSchema.GetRawText()),
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
        context.Features.Set<IPersonAsker>(new PersonAtTheForm());
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

    /// <summary>A person who leaves each field of a form as it is shown, and sends it.</summary>
    private sealed class PersonAtTheForm : IPersonAsker
    {
        public Task<PersonAnswer> AskAsync(int number, PersonQuestion question, CancellationToken cancellationToken)
        {
            var answers = new JsonObject();
            foreach (QuestionField field in QuestionForm.Read(question.Form!.Value).Fields.Where(static field => field.Default is not null))
            {
                answers[field.Name] = JsonNode.Parse(field.Default!.Value.GetRawText());
            }

            return Task.FromResult(new PersonAnswer("question", PersonVerdict.Answered)
            {
                Answers = JsonElement.Parse(answers.ToJsonString()),
                By = "tester",
            });
        }

        public Task WithdrawAsync(string id, string reason, CancellationToken cancellationToken) => Task.CompletedTask;

        public void ResultIsSaidBy(string by)
        {
            // Its words are no result here.
        }
    }
}
