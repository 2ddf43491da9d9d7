using AgentFunctions.Agents;
using AgentFunctions.FunctionApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The whole API, the loop and its steps come with the library; an app adds its agents and its tools.
FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureAgentFunctions();
builder.Services
    .AddTool(TicketTools.FindTicket)
    .AddTool(TicketTools.CommentOnTicket)
    .AddAgent(Agent.Create("triage")
        .WithDescription("Sorts the tickets of a team and comments on them.")
        .WithInstructions("Plan first. Read a ticket before you comment on it, and comment on each at most once.")
        .WithTools("update_plan", "find_ticket", "comment_on_ticket"))
    .AddAgent(Agent.Create("lead")
        .WithDescription("Goes through many tickets at once.")
        .WithInstructions("Give each ticket to a sub-agent of its own, wait for all of them, and sum up what they found.")
        .WithTools("update_plan", "find_ticket", "comment_on_ticket")
        .WithDelegation(Delegation.Auto));

builder.Build().Run();
