using System.Collections.Frozen;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>The cases of the orchestration suite that do not hold on Durable Task's in-process test host, and why.</summary>
internal static class Differences
{
    private const string NoHistory = "The test host does not serve histories, which the case reads.";
    private const string NoForeignAwaitCheck =
        "Durable Task asks for the orchestrator's own scheduler and does not notice who leaves it.";
    private const string NoParent = "Durable Task's client does not tell an instance's parent.";
    private const string NoRecursion =
        "The test host takes the instance alone and serves no history, in which children with ids of their own are found.";
    private const string FewWorkers = "The test host runs one activity per processor at a time.";
    private const string OwnWords = "It fails with the same code; Durable Task's message names the recorded step alone.";
    private const string NoCarriedEvents =
        "The test host drops the events that an instance carries over; the Functions host keeps them.";
    private const string TestHostOrder = "The test host lists in no order.";

    private static readonly FrozenDictionary<string, string> s_reasons = new Dictionary<string, string>
    {
        ["History_OfASequence_TellsItInOrder"] = NoHistory,
        ["ContinueAsNew_History_BeginsAgain"] = NoHistory,
        ["Child_WithoutId_GetsOneThatAReplayRepeats"] = NoHistory,
        ["Child_EndsWhileParentIsForgotten_ResultArrives"] = NoHistory,
        ["Child_Terminated_ParentSeesAFailure"] = NoHistory,
        ["Child_LeftAlone_HoldsItsParentOpen"] = NoHistory,
        ["Retry_Delays_GrowAndStayBelowTheMaximum"] = NoHistory,
        ["Suspend_Reasons_AreInTheHistory"] = NoHistory,
        ["Suspend_StepReturnsMeanwhile_NextStepWaitsForResume"] = NoHistory,
        ["Suspend_TimerFiresMeanwhile_CountsAfterResume"] = NoHistory,
        ["InstanceId_OfEnded_IsReusedWhereAllowed"] = NoHistory,
        ["Terminate_Waiting_EndsWithTheOutput"] = NoHistory,
        ["Purge_IdUsedAgain_HasOnlyItsOwnHistory"] = NoHistory,
        ["ContinueAsNew_CarriedEvents_SurviveForgetting"] = NoCarriedEvents,
        ["ForeignAwait_OnItsOwn_FailsAndSaysSo"] = NoForeignAwaitCheck,
        ["ForeignAwait_BesideAWait_FailsAndSaysSo"] = NoForeignAwaitCheck,
        ["Continuations_WithConfigureAwaitFalse_StayInOrder"] = NoForeignAwaitCheck,
        ["Child_KnowsItsParent"] = NoParent,
        ["Purge_Parent_TakesItsChildren"] = NoRecursion,
        ["Terminate_Recursive_EndsTheWholeTree"] = NoRecursion,
        ["FanOut_ActivitiesThatNeedEachOther_RunAtTheSameTime"] = FewWorkers,
        ["Many_TwoHundredInstances_AllEnd"] = FewWorkers,
        ["ChangedCode_OtherKindOfStep_FailsAndNamesIt"] = OwnWords,
        ["ChangedCode_SubOrchestrationForActivity_FailsAndNamesBoth"] = OwnWords,
        ["FanOut_TenThousand_AllReturn"] = "Ten thousand steps in one turn pass the gRPC message size of the test host.",
        ["Query_Pages_HaveEveryInstanceOnceInOrder"] = TestHostOrder,
        ["Query_Statuses_Filter"] = TestHostOrder,
        ["Query_Prefix_Filters"] = "The test host compares prefixes without letter case.",
        ["Purge_IdInAnotherCase_Stays"] = "The test host compares ids without letter case.",
        ["Query_Payloads_ComeWhenAskedFor"] = "The test host sends payloads that nobody asked for.",
        ["Activity_Context_NamesInstanceNameAndStep"] = "Durable Task does not tell an activity the number of its step.",
        ["Terminate_ActivityInFlight_IsCancelledAndItsResultDropped"] = "Durable Task cannot cancel an activity; its result is dropped.",
        ["ContinueAsNew_CreatedAt_StaysTheSame"] = "The test host counts each execution as created anew.",
        ["StartAt_InTheFuture_StaysPendingUntilThen"] = "The test host delivers up to a second early.",
        ["StartAt_Terminated_NeverStarts"] = "The test host starts what was terminated before its time.",
        ["Child_IdTakenByAnother_Fails"] = "The test host never answers a parent whose child's id is taken.",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string? Reason(string test) => s_reasons.GetValueOrDefault(test);
}
