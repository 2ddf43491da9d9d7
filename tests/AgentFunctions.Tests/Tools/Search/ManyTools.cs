using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Tools.Search;

/// <summary>Sources of as many tools as large APIs have.</summary>
internal static class ManyTools
{
    /// <summary>As many operations as DigitalOcean's API and tool servers have together.</summary>
    public const int Count = 1_231;

    public static readonly AgentDefinition Agent = AgentFunctions.Agents.Agent.Create("tester").WithInstructions("Test.");

    /// <summary>A declaration as a tool would have it.</summary>
    public static ToolDeclaration Declare(string name, string description = "", string? group = null, int bytes = 0) =>
        ToolDeclaration.Of(new AgentTool(AgentTool.CreateFunction(name, description + new string('x', bytes),
            (string text) => text), ToolEffect.None)
        {
            Group = group,
        });

    /// <summary>Adds a tool server of many tools.</summary>
    public static void AddServer(IServiceCollection services) => services.AddMcpServer(Server());

    public static McpServerDefinition Server()
    {
        string[] script = [Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs"), $"many:{Count}"];
        string text = JsonSerializer.Serialize(new { mcpServers = new { odd = new { command = "node", args = script } } });
        return McpConfiguration.Parse(text, ".mcp.json").Servers[0];
    }

    /// <summary>Adds an API of many operations, each answered by the server of the address.</summary>
    public static void AddApi(IServiceCollection services, string folder, string address)
    {
        object Operation(int i) => new
        {
            get = new
            {
                operationId = $"getReport{i}",
                summary = $"Writes the report number {i}. " + new string('x', 400),
                parameters = new[] { "customer", "from", "to" }.Select(name => new
                {
                    name,
                    @in = "query",
                    description = new string('y', 250),
                    schema = new { type = "string" },
                }),
                responses = new Dictionary<string, object> { ["200"] = new { description = "ok" } },
            },
        };
        string document = Path.Combine(folder, "api.json");
        File.WriteAllText(document, JsonSerializer.Serialize(new
        {
            openapi = "3.0.3",
            info = new { title = "Reports", version = "1" },
            servers = new[] { new { url = address } },
            paths = Enumerable.Range(0, Count).ToDictionary(i => $"/reports/{i}", Operation),
        }));
        services.AddOpenApiTools(options => (options.Name, options.Document) = ("api", document));
    }

    /// <summary>The bytes of the declarations of a request, as they went over the wire.</summary>
    public static long BytesOfTools(ChatRequest request) => request.Body.TryGetProperty("tools", out JsonElement tools)
        ? tools.GetRawText().Length
        : 0;
}
