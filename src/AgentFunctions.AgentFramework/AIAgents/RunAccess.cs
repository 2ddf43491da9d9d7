using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>The services by which a durable agent reaches its runs.</summary>
internal sealed record RunAccess(
    AgentGateway Gateway, RunSteering Steering, RunReader Reader, RunRecordsOfSteps Records, LiveFeed Feed,
    ApprovalService Approvals, ClientCalls Calls);

/// <summary>What the steps of runs recorded.</summary>
internal sealed record RunRecordsOfSteps(Journal Journal, Transcript Transcript, CallResults Results, TimeProvider Time);
