using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Previews;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Gateway.Routing;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;
using AgentFunctions.Models;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Client;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the way in.</summary>
internal static class GatewayServiceCollectionExtensions
{
    public static void AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GatewayOptions>()
            .Configure(options => configuration.GetSection(GatewayOptions.Section).BindStrictly(options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>());
        services.TryAddSingleton<GoalRouter>();
        services.TryAddSingleton<AccessRules>();
        services.TryAddSingleton<QuotaMeter>();
        services.TryAddSingleton(static provider => new RunAccess(provider.GetRequiredService<RunStore>()));
        services.TryAddSingleton<RunQueue>();
        services.AddSingleton<IRunEndObserver>(static provider => provider.GetRequiredService<RunQueue>());
        services.TryAddSingleton(static provider => new RequestKeys(
            provider.GetRequiredService<IRecordStore>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RunLimits>();
        services.TryAddSingleton<RunRecords>();
        services.TryAddSingleton<AcceptanceGrants>();
        services.TryAddSingleton<SubmissionRights>();
        services.TryAddSingleton<ConversationStart>();
        services.TryAddSingleton<RunFurnishing>();
        services.TryAddSingleton<SubmissionDrafts>();
        services.TryAddSingleton<RunAdmission>();
        services.TryAddSingleton(static provider => new AgentGateway(
            provider.GetRequiredService<RunAdmission>(), provider.GetRequiredService<SubmissionDrafts>(),
            provider.GetRequiredService<RunReader>(),
            provider.GetRequiredService<RequestKeys>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<OrchestratedRuns>();
        services.TryAddSingleton(static provider => new PolicyTests(
            provider.GetRequiredService<PolicySource>(), provider.GetRequiredService<AgentCatalog>(),
            provider.GetRequiredService<ToolCatalog>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new RunPreviews(
            provider.GetRequiredService<SubmissionRights>(), provider.GetRequiredService<IModelCatalog>(),
            provider.GetRequiredService<ToolCatalog>(), provider.GetRequiredService<PolicyTests>(),
            provider.GetRequiredService<QuotaMeter>(), provider.GetRequiredService<KillOrderStore>()));
        services.TryAddSingleton(static provider => new GatewayLoad(
            provider.GetRequiredService<RunQueue>(), provider.GetRequiredService<QuotaMeter>()));
        services.TryAddSingleton(static provider => new WaitingTimes(
            provider.GetRequiredService<IOrchestrationClient>(), provider.GetRequiredService<RunQueue>(),
            provider.GetRequiredService<ApprovalService>(),
            provider.GetRequiredService<QuestionService>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RunCommands>();
        services.TryAddSingleton<SteeringRecords>();
        services.TryAddSingleton<SteeringRights>();
        services.TryAddSingleton(static provider => new RunSteering(
            provider.GetRequiredService<RunCommands>(), provider.GetRequiredService<SteeringRecords>(),
            provider.GetRequiredService<Inbox>(),
            provider.GetRequiredService<RequestKeys>(), provider.GetRequiredService<SteeringRights>()));
        services.TryAddSingleton<ClientCallStore>();
        services.TryAddSingleton(static provider => new ClientCalls(
            provider.GetRequiredService<ClientCallStore>(), provider.GetRequiredService<SteeringRights>(),
            provider.GetRequiredService<SteeringRecords>(), provider.GetRequiredService<RunReader>(),
            provider.GetRequiredService<IOrchestrationClient>()));
        services.TryAddSingleton(static provider => new CallResults(
            provider.GetRequiredService<CallLedger>(), provider.GetRequiredService<Redactor>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ForkRights>();
        services.TryAddSingleton<ForkBudget>();
        services.TryAddSingleton<ForkLeaders>();
        services.TryAddSingleton<ForkFolders>();
        services.TryAddSingleton<ForkPreparation>();
        services.TryAddSingleton<ForkDrafts>();
        services.TryAddSingleton(static provider => new RunForking(
            provider.GetRequiredService<RunAdmission>(), provider.GetRequiredService<ForkDrafts>(),
            provider.GetRequiredService<RunStore>(),
            provider.GetRequiredService<RunReader>()));
        services.AddHostedService<QueueSweeper>();
    }
}
