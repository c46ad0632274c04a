using Sample._1;

Api.Create(args).Run();
