using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NoProp.Models.Native;

namespace NoProp.Actors.Hosting;

/// <summary>An actor system named <c>noprop</c> in this process, from start to end.</summary>
internal sealed class LocalSystem : IAsyncDisposable
{
    private readonly IHost host;

    private LocalSystem(IHost host) => this.host = host;

    public ActorSystem ActorSystem => host.Services.GetRequiredService<ActorSystem>();

    /// <exception cref="NoProp.Models.NoPropException">libtorch cannot be loaded.</exception>
    public static async Task<LocalSystem> StartAsync(Action<AkkaConfigurationBuilder> wire)
    {
        TorchRuntime.Load();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.AddAkka("noprop", wire);
        LocalSystem system = new(builder.Build());
        await system.host.StartAsync(CancellationToken.None);
        return system;
    }

    public IActorRef Get<TActor>() => host.Services.GetRequiredService<ActorRegistry>().Get<TActor>();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }

    /// <summary>The caller decides about Ctrl-C: the default lifetime would take the actor system down under a run.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
