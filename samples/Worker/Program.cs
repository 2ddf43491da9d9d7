using AgentFunctions.Agents;
using AgentFunctions.AzureStorage;
using AgentFunctions.DurableTask;
using AgentFunctions.Sqlite;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Grpc;
using Microsoft.DurableTask.Testing;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Grpc;

// The agents in a Durable Task worker: the API and the steps in one ASP.NET Core app, without Functions. With "TaskHub" it speaks
// to a sidecar of Durable Task at that address, with "AgentStorage" it keeps runs in a storage account; without them it needs
// nothing else.
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddOpenAIModels(builder.Configuration)
    .AddAgent(Agent.Create("writer").WithInstructions("Plan first, then answer in a few sentences.").WithTools("update_plan"))
    .AddAgentFunctionsApi();

if (builder.Configuration.GetSection("AgentStorage").Exists())
{
    builder.Services.AddAzureStorageStores(builder.Configuration);
}
else
{
    builder.Services.AddSqliteEngine(options => options.DataFile = builder.Configuration["Data"] ?? SqliteEngineOptions.InMemory);
}

string? taskHub = builder.Configuration["TaskHub"];
if (taskHub is null)
{
    builder.Services.AddInMemoryDurableTask(static _ => { });
}
else
{
    builder.Services.AddDurableTaskClient(client => client.UseGrpc(taskHub));
}

builder.Services.AddDurableTaskWorker(worker =>
{
    if (taskHub is not null)
    {
        worker.UseGrpc(taskHub);
    }

    worker.AddAgentFunctions();
});

WebApplication app = builder.Build();
app.MapAgentFunctions();
app.Run();
