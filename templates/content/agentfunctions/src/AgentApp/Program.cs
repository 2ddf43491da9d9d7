using AgentApp;
using AgentFunctions.Sqlite;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Configuration["Governance:PolicyPath"] ??= Path.Combine(AppContext.BaseDirectory, "policy.yaml");
builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddOpenAIModels(builder.Configuration)
    .AddSqliteEngine(options => options.DataFile = builder.Configuration["DataFile"] ?? "agents.db")
    .AddRefundAgent()
    .AddAgentFunctionsApi();

WebApplication app = builder.Build();
app.MapAgentFunctions();
app.Run();
