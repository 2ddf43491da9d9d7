using AgentFunctions;
using AgentFunctions.Agents;
using AgentFunctions.DoorsSample;
using AgentFunctions.Hosting;
using AgentFunctions.Samples;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;

// One agent, reached by every protocol: MCP, A2A, OpenAI's API, and AG-UI with a page that brings a tool of its own along.
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
string data = builder.Configuration["Data"] ?? Directory.CreateTempSubdirectory("doors-").FullName;
builder.Logging.SetMinimumLevel(LogLevel.Warning);
if (RehearsedModel.IsNeeded(builder.Configuration))
{
    builder.Services.AddAgentModel(_ => new RehearsedGuide().Binding);
}

builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddOpenAIModels(builder.Configuration)
    .AddMonitors()
    .AddSqliteEngine(options => options.DataFile = Path.Combine(data, "doors.db"))
    .AddTool(AgentTool.Create("opening_hours", "Gets when the museums of a city open.", ToolEffect.None,
        (string city) => $"In {city}: 10 to 18."))
    .AddAgent(Agent.Create("guide").WithInstructions("You know museums. Ask where the person is, if a tool tells it.")
        .WithTools("opening_hours"))
    .AddAgentFunctionsApi()
    .AddAgentFunctionsDoors();

WebApplication app = builder.Build();
app.MapAgentFunctions();
app.MapDoors();
app.MapGet("/page", () => Results.File(Path.Combine(AppContext.BaseDirectory, "page.html"), "text/html"));

await app.StartAsync();
string url = app.Urls.First();
Console.WriteLine($"""
    Listening on {url}
    AG-UI:  open {url}/page
    OpenAI: export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=none
    MCP:    claude mcp add --transport http guide {url}/mcp
    A2A:    curl {url}/a2a/guide/.well-known/agent-card.json
    """);
await app.WaitForShutdownAsync();
