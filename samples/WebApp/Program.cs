using AgentFunctions;
using AgentFunctions.Agents;
using AgentFunctions.Hosting;
using AgentFunctions.Samples;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.WebApp;

// A team's own app: its users sign in by cookie or by token, and the agent runtime is one part of it, below /agents.
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Configuration["Governance:PolicyPath"] ??= Path.Combine(AppContext.BaseDirectory, "policy.yaml");
string data = builder.Configuration["Data"] ?? Directory.CreateTempSubdirectory("webapp-").FullName;
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSignIn();
builder.Services.AddAuthorization();
builder.Services.AddOpenApi();
if (RehearsedModel.IsNeeded(builder.Configuration))
{
    builder.Services.AddAgentModel(_ => new RehearsedClerk().Binding);
}

builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddOpenAIModels(builder.Configuration)
    .AddMonitors()
    .AddSqliteEngine(options => options.DataFile = Path.Combine(data, "webapp.db"))
    .AddTool(AgentTool.Create("refund", "Pays an order back.", ToolEffect.NotIdempotent,
        (string order) => $"Order {order} was paid back."))
    .AddAgent(Agent.Create("clerk").WithInstructions("You answer complaints about orders. Pay back what was not delivered.")
        .WithTools("refund"))
    .AddAgentFunctionsApi();

WebApplication app = builder.Build();
app.MapSignIn();
app.MapGet("/api/orders", () => new[] { new Order("4711", "lost"), new Order("4712", "delivered") }).RequireAuthorization();
app.MapGet("/health", () => "ok");
app.MapOpenApi();
app.MapAgentFunctions("/agents").RequireAuthorization();

await app.StartAsync();
Console.WriteLine($"Listening on {app.Urls.First()}; anna and bob sign in with the password '{SignIn.Password}'.");
await app.WaitForShutdownAsync();

/// <summary>Represents an order of the team's shop.</summary>
/// <param name="Number">The number.</param>
/// <param name="State">Where it stands.</param>
internal sealed record Order(string Number, string State);
