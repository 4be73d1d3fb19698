using Akka.Actor;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Tests.Training;
using NoProp.Models;
using NoProp.Models.Methods;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Actors.Tests.Inference;

[Collection(nameof(TensorCounting))]
public sealed class InferenceMemoryTests() : TestKit(SettingsLoader.Load().Config)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Answered_requests_leave_no_tensor_behind(bool whole)
    {
        // Without its last block the chain ends in the middle: what came down it must be freed then, too.
        RunPlan plan = Runs.OnDigits("noprop.blocks=2");
        IActorRef chain = Sys.ActorOf(InferenceActor.Props(plan.Method));
        foreach (BlockId block in BlockId.UpTo(whole ? 2 : 1))
        {
            using IBlockCompute compute = plan.Method.CreateBlock(block, null);
            chain.Tell(new PublishSnapshots([compute.Snapshot()]));
        }

        using IHeadCompute head = plan.Method.CreateHead(null);
        chain.Tell(new PublishSnapshots([head.Snapshot()]));
        using Tensor images = plan.Dataset.Normalise(plan.Dataset.Test.Images.narrow(0, 0, 3));
        Ask(chain, images);
        MemoryTests.Settle();
        long before = Tensor.TotalCount;

        for (int i = 0; i < 50; i++)
        {
            Ask(chain, images);
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    private void Ask(IActorRef chain, Tensor images)
    {
        chain.Tell(new Classify(1, images, 0, new InferenceNoise(1, 0, Stochastic: true)), TestActor);
        Assert.True(ExpectMsg<object>() is Classified or ClassifyFailed);
        // It frees the request's tensors right after the answer.
        chain.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
    }
}
