using AgentApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

// API, loop and steps come with the library; the app adds its agent and its tool.
FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
builder.Configuration["Governance:PolicyPath"] ??= Path.Combine(AppContext.BaseDirectory, "policy.yaml");
builder.ConfigureAgentFunctions();
builder.Services.AddRefundAgent();
builder.Build().Run();
