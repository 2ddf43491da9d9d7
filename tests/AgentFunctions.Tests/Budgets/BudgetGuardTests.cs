using AgentFunctions.Budgets;
using AgentFunctions.Models;
using AgentFunctions.Steps;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Budgets;

internal sealed class BudgetGuardTests
{
    private static readonly ModelPrice Price = new(3, 15, 0.3m);

    [Test]
    public void Plus_MoreThanCanBeCounted_StaysAtTheMost()
    {
        var most = new Budget
        {
            Steps = int.MaxValue,
            Tokens = long.MaxValue,
            Usd = decimal.MaxValue,
            WallClock = TimeSpan.MaxValue,
            SubAgents = int.MaxValue
        };

        foreach (Budget sum in new[] { most.Plus(most), most.With(most with { WallClock = null }), most.Times(4).Plus(most) })
        {
            Assert.That(sum.Minus(new Budget { Steps = 1, Tokens = 1, Usd = 1 }),
                Has.Property(nameof(Budget.Steps)).GreaterThan(0)
                .And.Property(nameof(Budget.Tokens)).GreaterThan(0).And.Property(nameof(Budget.Usd)).GreaterThan(0));
        }

        Assert.That(BudgetSplit.Spent(1, new TokenUsage(long.MaxValue, long.MaxValue)).Tokens, Is.EqualTo(long.MaxValue));
        Assert.That(most.Times(4).Part(80, 100).Steps, Is.GreaterThan(0));
        Assert.That(new Budget { Steps = 3 }.Plus(new Budget { Steps = 4, Tokens = 5 }), Is.EqualTo(new Budget { Steps = 7 }));
    }

    [TestCase("usd")]
    [TestCase("wallClock")]
    public void Validate_MoreThanAnybodyHas_IsRefusedByName(string part)
    {
        Budget budget = part == "usd" ? new Budget { Usd = decimal.MaxValue } : new Budget { WallClock = TimeSpan.MaxValue };

        Assert.That(() => budget.Validate("budget"),
            Throws.InstanceOf<AgentException>().With.Message.StartsWith($"budget.{part}: "));
    }

    [TestCase(2_000_000_000L)]
    [TestCase(long.MaxValue)]
    public void UsageOf_ACountThatNoRequestCanHave_IsEstimated(long count)
    {
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant,
            "ok"))
        {
            Usage = new UsageDetails
            {
                InputTokenCount = count,
                OutputTokenCount = count,
                CachedInputTokenCount = count
            }
        };

        TokenUsage usage = ModelCaller.UsageOf(response, [new ChatMessage(ChatRole.User, "hello")], null,
            new ModelProfile { Provider = "test" });

        Assert.That(usage.InputTokens + usage.OutputTokens, Is.InRange(1, 1_000));
    }

    [Test]
    public void Next_StepsLeft_KeepsOneBackForTheClosingCall()
    {
        var guard = new BudgetGuard(new Budget { Steps = 5 }, null, 1_000);

        Assert.That(guard.Next(0, new(), 100), Is.EqualTo(new BudgetDecision(Allowance.Turn, 1_000, 3)));
        Assert.That(guard.Next(3, new(), 100), Is.EqualTo(new BudgetDecision(Allowance.Turn, 1_000, 0)));
        Assert.That(guard.Next(4, new(), 100).What, Is.EqualTo(Allowance.Closing));
        Assert.That(guard.Next(5, new(), 100), Is.EqualTo(new BudgetDecision(Allowance.Nothing, 0, 0, "steps")));
    }

    [Test]
    public void Next_TokensLeft_ShortensTheAnswerThenClosesThenStops()
    {
        var guard = new BudgetGuard(new Budget { Tokens = 10_000 }, null, 4_000);

        Assert.That(guard.Next(0, new(), 1_000).MaxOutputTokens,
            Is.EqualTo((10_000 - 2_000 - BudgetGuard.ClosingInput - BudgetGuard.ClosingAnswer) / 2));
        Assert.That(guard.Next(0, new(5_000, 1_000), 1_000),
            Is.EqualTo(new BudgetDecision(Allowance.Turn, 232, int.MaxValue - 2)));
        Assert.That(guard.Next(0, new(6_000, 1_000), 1_000),
            Is.EqualTo(new BudgetDecision(Allowance.Closing, 2_000, 0, "tokens")));
        Assert.That(guard.Next(0, new(9_000, 0), 1_000), Is.EqualTo(new BudgetDecision(Allowance.Nothing, 0, 0, "tokens")));
    }

    [Test]
    public void Next_MoneyLeft_CountsTheDearestInputThatThereIs()
    {
        var guard = new BudgetGuard(new Budget { Usd = 0.05m }, Price with { CachedInput = 6 }, 4_000);

        BudgetDecision decision = guard.Next(0, new(), 1_000);

        // 2 × 1,000 + 1,024 tokens in at 6, 512 out at 15, and each token of the answer at 15 + 6.
        Assert.That(decision.MaxOutputTokens, Is.EqualTo((int)((50_000m - (3_024 * 6) - (512 * 15)) / 21)));
        Assert.That(guard.Next(0, new(0, 0, 0, 0.0499m), 1_000), Is.EqualTo(new BudgetDecision(Allowance.Nothing, 0, 0, "usd")));
    }

    [Test]
    public void Next_WhateverIsSpent_NeverAllowsMoreThanIsLeft([Random(0, int.MaxValue, 200)] int seed)
    {
        var random = new Random(seed);
        var budget = new Budget
        {
            Steps = random.Next(2) == 0 ? null : random.Next(1, 30),
            Tokens = random.Next(3) == 0 ? null : random.Next(1, 100_000),
            Usd = random.Next(3) == 0 ? null : random.Next(1, 100_000) / 100_000m,
        };
        var price = new ModelPrice(random.Next(0, 20), random.Next(0, 60), random.Next(2) == 0 ? null : random.Next(0, 30));
        var guard = new BudgetGuard(budget, price, random.Next(1, 8_000));
        int steps = 0;
        var spent = new TokenUsage();
        for (int turn = 0; turn < 200; turn++)
        {
            long bound = random.Next(1, 5_000);
            BudgetDecision decision = guard.Next(steps, spent, bound);
            if (decision.What == Allowance.Nothing)
            {
                break;
            }

            Assert.That(decision.MaxOutputTokens, Is.GreaterThan(0));
            spent = spent.Plus(guard.Worst(bound, decision.MaxOutputTokens));
            steps += 1 + Math.Min(decision.ToolCalls, random.Next(0, 4));
            long side = guard.SideInput(steps, spent, bound, 64);
            if (side > 0 && random.Next(3) == 0)
            {
                spent = spent.Plus(guard.Worst(Math.Min(side, 5_000), 64));
                steps++;
            }

            Assert.That(steps, Is.LessThanOrEqualTo(budget.Steps ?? int.MaxValue));
            Assert.That(spent.InputTokens + spent.OutputTokens, Is.LessThanOrEqualTo(budget.Tokens ?? long.MaxValue));
            Assert.That(spent.Usd, Is.LessThanOrEqualTo(budget.Usd ?? decimal.MaxValue));
        }
    }
}
